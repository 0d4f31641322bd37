"""docker-compose.yml matches the official command line, and starts many instances."""

import subprocess
import sys

import pytest
import yaml

from tools.locks import ROOT

SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
COMMANDS = {name: each for name, each in SERVICES.items() if "entrypoint" in each}


def test_the_services_have_the_names_that_the_official_bootstrap_gives():
    """The project's name and each service's purpose (CLI, the template docker-compose.yml.j2)."""
    assert {"cancellation_dev", "cancellation_bash", "cancellation_test"} <= SERVICES.keys()
    assert {name.partition("_")[0] for name in SERVICES} == {"cancellation"}
    assert (ROOT / ".cancellation_dev.env.example").is_file()


def test_only_the_extension_starts_by_itself_and_in_any_number():
    assert [name for name, each in SERVICES.items() if "profiles" not in each] == [
        "cancellation_dev"
    ]
    assert not any("container_name" in each or "ports" in each for each in SERVICES.values())


def test_the_runner_does_not_log_its_messages():
    options = SERVICES["cancellation_dev"]["command"].split()
    assert options[0] == "cextrun"
    assert {"-d", "--debug"} & set(options) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_in_a_container_is_one_of_the_extension(name):
    service = COMMANDS[name]
    _, *module = service["entrypoint"]
    shown = subprocess.run(
        [sys.executable, *module, service["command"]], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith(f"usage: python {' '.join(module)}")
    assert name == f"cancellation_{module[-1].rpartition('.')[2]}"
