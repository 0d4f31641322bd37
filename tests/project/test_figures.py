"""Everything is annotated, and the tests stay small beside the source."""

from tools.figures import ROOT, SOURCE, TESTS, modules

MODULES = modules(ROOT, SOURCE)
MOST_TESTS_TO_SOURCE = 3.1
"""Tests include those of the sandbox, which does not count as source."""


def test_everything_is_annotated():
    assert [each.name for module in MODULES for each in module.unannotated_functions] == []


def test_the_tests_are_about_three_times_the_source_at_most():
    code, tests = (
        sum(module.lines_of_code for module in modules(ROOT, folder)) for folder in (SOURCE, TESTS)
    )
    assert tests <= MOST_TESTS_TO_SOURCE * code
