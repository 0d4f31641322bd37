"""docs/runbook.md says what an operator sees and has to do."""

from __future__ import annotations

import logging
import os
import re

import pytest

from connect_ext.cancelling.marks import State
from connect_ext.cancelling.reporting import DRY_RUN, FOUND, HELD, SETTLED, WAITING
from connect_ext.cause import Cause
from connect_ext.next_steps import NEXT_STEPS
from connect_ext.portal.settings import declared_variables
from connect_ext.vendors.base import Act
from tests.runbook import page
from tests.runbook.disasters import STORIES
from tests.runbook.plays import PLAYS
from tests.runbook.stage import Seen
from tests.unit.builders import OWN_VENDORS
from tests.unit.test_architecture import PACKAGE

TEXT = page.read()
TO_WRITE = "run: WRITE_RUNBOOK=1 python -m pytest tests/runbook"
COMPARED = (Cause.STILL_ACTIVE, Cause.ENDED_AT_VENDOR, Cause.OVERDUE, Cause.NO_TASK)
"""Only reconcile finds these causes; no line of a task has them."""

PERSON, ITSELF, SETTLED_NOW = "Needs a person", "Goes by itself", "Settled"
LINE = re.compile(
    r"PR(-\d{4}){3}-\d{3} task=TQ-[\d-]+ product=PRD-[\d-]+ vendor=(-|[a-z-]+)"
    r" outcome=[a-z-]+ cause=([a-z-]+) http=(-|\d{3}) ms=\d+: \S.*\.",
    re.DOTALL,
)


def cause_of(name: str) -> Cause:
    """A play's cause: the first word of its name."""
    return Cause(name.partition(",")[0])


def group_of(seen: Seen) -> str:
    """Who must act on a request, by its line in the log."""
    if seen.level == logging.getLevelName(logging.ERROR) or seen.facts["outcome"] == "dry-run":
        return PERSON
    return ITSELF if seen.facts["outcome"] == "waits" else SETTLED_NOW


def on_the_page(name: str, text: str) -> str | None:
    """The page's block for a play; the text is written first, if that was requested."""
    if os.environ.get("WRITE_RUNBOOK"):
        page.PAGE.write_text(page.with_shown(page.read(), name, text), encoding="utf-8")
    return page.shown(page.read()).get(name)


@pytest.mark.parametrize("name", PLAYS)
async def test_the_page_shows_what_an_operator_sees(name):
    seen = await PLAYS[name].seen()
    assert LINE.fullmatch(seen.line)
    assert seen.facts["cause"] == cause_of(name).value
    assert on_the_page(name, seen.text) == seen.text, TO_WRITE


@pytest.mark.parametrize("name", STORIES)
async def test_the_page_shows_a_disaster_and_its_real_end(name):
    text = await STORIES[name]()
    assert on_the_page(name, text) == text, TO_WRITE


@pytest.mark.parametrize("cause", [c for c in Cause if c not in COMPARED], ids=lambda c: c.value)
async def test_a_cause_is_listed_with_those_who_must_act(cause):
    seen = await PLAYS[cause.value].seen()
    assert cause.value in page.headings(page.section(TEXT, group_of(seen)), 3)
    if group_of(seen) != SETTLED_NOW:
        [row] = [row for row in page.rows(TEXT) if row[0] == f"[{cause.value}](#{cause.value})"]
        later = {PERSON: "by the task", ITSELF: "after a day"}
        assert row[-1] == ("at once" if seen.is_told else later[group_of(seen)])


def test_each_cause_has_exactly_one_section():
    groups = [page.section(TEXT, group) for group in (PERSON, ITSELF, SETTLED_NOW)]
    found = [title for group in groups for title in page.headings(group, 3)]
    assert sorted(found) == sorted(cause.value for cause in Cause)


def test_each_cause_is_in_the_tables_once():
    found = [row[0] for row in page.rows(TEXT) if re.fullmatch(r"\[[a-z-]+\]\(#[a-z-]+\)", row[0])]
    assert sorted(found) == sorted(f"[{cause.value}](#{cause.value})" for cause in Cause)


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_a_section_has_the_next_step_printed_by_the_commands(cause):
    body = page.section(TEXT, cause.value)
    assert re.findall(r"^\*\*Next step:\*\* (.+)$", body, re.MULTILINE) == [NEXT_STEPS[cause]]


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_a_section_shows_its_cause_and_no_other(cause):
    shown = page.shown(page.section(TEXT, cause.value))
    assert {cause_of(name) for name in shown} == {cause}


def test_the_page_shows_each_play_once_and_nothing_else():
    names = re.findall(r"<!-- shown: (.+) -->", TEXT)
    assert sorted(names) == sorted([*PLAYS, *STORIES])


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_a_next_step_is_one_short_line(cause):
    assert re.fullmatch(r"[A-Z][^\n]{10,108}\.", NEXT_STEPS[cause])


def test_the_tables_of_tags_have_every_tag_of_the_notes():
    rows = {row[0].strip("`") for row in page.rows(page.section(TEXT, "The notes"))}
    assert rows == {state.value for state in State} | {WAITING, HELD, DRY_RUN, SETTLED, FOUND}
    for act in Act:
        assert f"[connect-ext {act.value} " in page.section(TEXT, "The notes")


def test_every_link_leads_somewhere():
    anchors = page.anchors(TEXT)
    assert len(set(anchors)) == len(anchors)
    links = re.findall(r"\]\(#([^)]+)\)", TEXT)
    assert set(links) <= set(anchors)
    for path in (page.ROOT / "README.md", *page.ROOT.glob("docs/*.md")):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"runbook\.md#([a-z-]+)", text)) <= set(anchors)
    for target, anchor in re.findall(r"\]\(([^)#]+\.md)#?([^)]*)\)", TEXT):
        text = (page.PAGE.parent / target).read_text(encoding="utf-8")
        assert not anchor or anchor in page.anchors(text)


def test_every_variable_and_every_command_on_the_page_exists():
    names = {variable.name for variable in declared_variables(OWN_VENDORS)}
    named = set(re.findall(r"\b(?:REST|ZUORA|ON|VENDOR)_[A-Z_]*[A-Z]\b(?!…)", TEXT))
    assert named <= names
    commands = set(re.findall(r"python -m connect_ext\.(\w+)", TEXT))
    assert commands
    assert {each for each in commands if not (PACKAGE / each / "__main__.py").is_file()} == set()
