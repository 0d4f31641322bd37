"""An operator's patterns must match any customer's text quickly."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.portal.patterns import MAX_TEXT_CHARACTERS, problem_of_pattern

GOOD = [
    "[A-Za-z0-9][A-Za-z0-9._:@=+~-]{0,254}", "sub_[A-Za-z0-9]+", r"A-S\d{8}", r"\d+(\.\d+)?",
    "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "(sub|SUB)-[0-9]+", r"[A-Z]{2}-\d+-\d+-\d+",
    "[0-9a-fA-F]{32}|A-S[0-9]{8}", "[]a-z]+", r"\{x\}", "(?:ab){2}",
]  # fmt: skip
EVIL = [
    "(a+)+b", "(a|a)*b", "(a*)*b", "(a|aa)+b", "(.*)*x", "a*a*a*a*a*b", "(a?){25}a{25}",
    "a?" * 30 + "a" * 30, "(a{0,9}){9}b", "((a|b)c?)*d", "(|a)+b", r"(a)\1", "(?=(a+))a*b",
    "(?i:a)", "(?P<n>a)", "(?#x)a", "(a", "a)", "[a", "*a", "a" * 501, r"(a)(?(1)b)",
]  # fmt: skip


@pytest.mark.parametrize("pattern", GOOD)
def test_the_form_of_ids_can_be_expressed(pattern):
    assert problem_of_pattern(pattern) == ""


@pytest.mark.parametrize("pattern", EVIL)
def test_a_pattern_that_could_run_for_ever_is_refused(pattern):
    assert problem_of_pattern(pattern)


pieces = st.sampled_from(
    [
        "a",
        "b",
        "[ab]",
        "[^b]",
        ".",
        "(",
        ")",
        "(?:",
        "|",
        "*",
        "+",
        "?",
        "{2,30}",
        "{3}",
        "{,5}",
        "*?",
    ]
)


@given(st.lists(pieces, max_size=14).map("".join))
def test_every_accepted_pattern_is_quick_on_near_matches(pattern):
    if problem_of_pattern(pattern):
        return
    began = time.process_time()
    for text in ("a" * (MAX_TEXT_CHARACTERS - 1) + "c", "ab" * (MAX_TEXT_CHARACTERS // 2) + "c"):
        re.fullmatch(pattern, text)
    assert time.process_time() - began < 2
