"""The README agrees with the code."""

import json
import re
from pathlib import Path

import pytest

from connect_ext.metrics.reading import as_json
from connect_ext.portal.settings import declared_variables
from tests.e2e.test_stripe import AT_THE_END, STRIPE
from tests.metrics.test_reading import MUCH
from tests.unit.builders import OWN_VENDORS

VARIABLES = declared_variables(OWN_VENDORS)
METRICS = json.loads(as_json(MUCH))["metrics"]
README = (Path(__file__).parents[2] / "README.md").read_text()


def _row(name: str) -> list[str]:
    [row] = re.findall(rf"^\| `{name}`(?: \(secure\))? \|.*$", _variables_table(), re.MULTILINE)
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def _variables_table() -> str:
    return README.partition("## The variables")[2].partition("### An example")[0]


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_each_variable_is_in_the_table_with_its_initial_value(variable):
    name, initial_value, meaning = _row(variable.name)
    assert initial_value.strip("`").replace("\\|", "|") == variable.initial_value
    assert name.endswith("(secure)") == variable.secure
    assert meaning


def test_the_table_names_no_variable_that_does_not_exist():
    named = re.findall(r"^\| `([A-Z_]+)`", _variables_table(), re.MULTILINE)
    assert sorted(named) == sorted(variable.name for variable in VARIABLES)


@pytest.mark.parametrize(
    ("heading", "variables"),
    [
        ("### An example: Stripe\n", STRIPE),
        ("### An example: Stripe, at the end of the period\n", AT_THE_END),
    ],
    ids=["at once", "at the end"],
)
def test_the_tests_run_the_worked_examples(heading, variables):
    assert _example(heading) == variables


def _example(heading: str) -> dict[str, str]:
    example = README.partition(heading)[2].partition("\n#")[0]
    rows = re.findall(r"^\| `([A-Z_]+)` \| `(.*)` \|$", example, re.MULTILINE)
    return {name: value.replace("\\|", "|") for name, value in rows}


@pytest.mark.parametrize("field", [*METRICS, *METRICS["vendors"]["rest"], *METRICS["longest"][0]])
def test_each_field_of_the_metrics_is_explained(field):
    section = README.partition("\n### Metrics\n")[2].partition("\n## ")[0]
    assert f"`{field}`" in section
