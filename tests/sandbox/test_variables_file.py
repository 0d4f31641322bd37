"""The file with the variables, for commands that act for the extension in the sandbox."""

from __future__ import annotations

import json

import pytest

from connect_ext.command_line.env_file import read_env_file
from sandbox.connect.environment import Environment
from sandbox.connect.journal import Journal
from sandbox.own_vendor import read_variables
from sandbox.shell import VARIABLES_FILE, VariablesFile
from tests.sandbox.commands import client, command, line_with


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    VARIABLES_FILE.parent.mkdir()
    return tmp_path


@pytest.mark.slow
async def test_a_change_by_the_api_or_on_the_page_is_in_the_file_at_once(tmp_path, project_root):
    file = tmp_path / VARIABLES_FILE
    async with command("serve", "--no-runner", cwd=tmp_path, root=project_root) as serving:
        portal = (await line_with(serving, "portal ")).split()[1]
        await line_with(serving, "-m sandbox cancel")
        assert file.stat().st_mode & 0o777 == 0o600
        address = json.loads((tmp_path / ".sandbox" / "state.json").read_text())
        async with client(address) as session:
            url = f"{address['url']}/devops/services/SRVC-1000-2000/environments/ENV-1000-2000-01"
            for call in (
                session.post(f"{url}/variables", json={"name": "NOTES", "value": "none"}),
                session.put(f"{url}/variables/REST_AUTH", json={"value": "header:X"}),
                session.post(
                    f"{portal}variables",
                    data={"name": "REST_API_KEY", "value": "a new = one"},
                    headers={"Origin": portal.rstrip("/")},
                ),
            ):
                async with call as response:
                    assert response.status in (200, 201)
        found = read_env_file(file)
        assert found == read_variables(file)
        wanted = {"NOTES": "none", "REST_AUTH": "header:X", "REST_API_KEY": "a new = one"}
        assert found.items() >= wanted.items()
    assert not file.exists()


def test_declared_variables_are_in_the_file_unless_they_do_not_fit_on_a_line(directory):
    environment, journal = Environment({"A": "1"}), Journal()
    file = VariablesFile(environment)
    journal.listen(file.happened)
    journal.record("variable", "A", "changed")
    assert not VARIABLES_FILE.exists()
    file.write()
    environment.declare([{"name": "B", "initial_value": "{}"}])
    for name, value in (("C", "1\n2"), ("D", "1\rE=2"), ("two words", "x"), ("F", "\ud800")):
        environment.set_variable(name, value)
    journal.record("instance", "INS-0001", "background connected")
    assert read_env_file(VARIABLES_FILE) == {"A": "1", "B": "{}", "F": "?"}


def test_once_it_is_removed_it_does_not_come_back(directory):
    environment, journal = Environment({"A": "1"}), Journal()
    file = VariablesFile(environment)
    journal.listen(file.happened)
    file.write()
    file.remove()
    journal.record("instance", "INS-0001", "background disconnected")
    assert not VARIABLES_FILE.exists()
