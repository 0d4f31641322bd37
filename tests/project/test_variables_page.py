"""docs/variables.md has every variable, with the facts from its declaration and a meaning."""

import re

import pytest

from tools.variable_page import PAGE, VARIABLES, with_facts

TEXT = PAGE.read_text(encoding="utf-8")


def test_its_facts_are_up_to_date():
    assert with_facts(TEXT) == TEXT, "run: make variables"


def test_it_has_each_variable_once_and_no_other():
    named = re.findall(r"^<!-- variable: (.+) -->$", TEXT, re.MULTILINE)
    assert sorted(named) == sorted(VARIABLES)


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda variable: variable.name)
def test_it_shows_the_facts_of_a_variable_and_says_what_it_means(variable):
    part = TEXT.partition(f"<!-- variable: {variable.name} -->\n")[2]
    facts, _, meaning = part.partition("\n<!-- end -->\n")
    takes = re.sub(r"(https://[^\s,]+)", r"`\1`", variable.takes)
    assert facts.startswith(f"### `{variable.name}`\n\n*Takes {takes}. Initially ")
    assert (f"`{variable.initial_value}`" if variable.initial_value else "empty") in facts
    assert facts.endswith(" Secure.*") == variable.secure
    assert re.match(r"\n[A-Z`][^\n]+\.\n", meaning)


def test_a_changed_declaration_fails_the_comparison():
    assert with_facts(TEXT.replace("Initially `hold`", "Initially `reject`")) == TEXT
