"""The report as people read it."""

import json
from collections import Counter
from datetime import datetime, timezone

import pytest

from connect_ext.cause import Cause
from connect_ext.next_steps import NEXT_STEPS
from connect_ext.open_requests.subject import Subject
from connect_ext.reconcile.finding import Finding, Kind, Report, finding_from_json
from connect_ext.reconcile.scheduled import order_of
from connect_ext.reconcile.showing import in_short, shown
from connect_ext.scheduled_result import WrongParameterError

SINCE = datetime(2026, 11, 20, 3, 0, tzinfo=timezone.utc)


def finding(number, kind=Kind.NEEDS_PERSON, cause=Cause.REFUSED, what="The vendor refuses."):
    subject = Subject(f"PR-{number:04d}-002", "AS-1", "PRD-1", SINCE)
    return Finding(subject, kind, cause, what, "approved" if kind is Kind.SETTLED else "")


def report(*findings, **fields):
    made = Report(looked_at=Counter({"open requests": 5}), **fields)
    for each in findings:
        made.add(each)
    return made


def test_requests_for_a_person_come_first_with_cause_and_next_step():
    text = shown(report(finding(2, Kind.SETTLED, Cause.CANCELLED, "Approved."), finding(1)))
    lines = text.splitlines()
    assert lines[0] == "Needs a person: 1"
    assert NEXT_STEPS[Cause.REFUSED] in lines[1]
    assert "PR-0001-002 since 2026-11-20 03:00 UTC" in text
    assert text.index("PR-0001-002") < text.index("PR-0002-002")
    assert lines[-1] == "Looked at: 5 open requests."


def test_a_shared_sentence_is_shown_once():
    text = shown(report(*(finding(number) for number in range(9))))
    assert text.count("The vendor refuses.") == 1
    assert "refused (9)" in text


@pytest.mark.parametrize("most", [60, 200, 4000])
def test_a_cut_text_says_how_much_is_missing(most):
    text = shown(report(*(finding(number) for number in range(500))), most)
    assert len(text) <= most
    assert text.splitlines()[-1].endswith("more lines)")
    assert text.startswith("Needs a person: 500")


def test_a_cut_text_names_all_requests_before_any_details():
    findings = [finding(number, what=f"The vendor refuses. {number}") for number in range(100)]
    text = shown(report(*findings), 2500)
    assert [each.subject.id for each in findings if each.subject.id not in text] == []
    assert NEXT_STEPS[Cause.REFUSED] in text
    assert "The vendor refuses." not in text
    assert text.endswith("Looked at: 5 open requests.")


def test_the_line_in_the_log_has_numbers_and_causes_but_no_sentences():
    text = in_short(report(finding(1), finding(2), finding(3, Kind.WAITS, Cause.SENT)))
    assert "needs a person: 2 (2 refused)" in text
    assert "still waiting: 1 (1 sent)" in text
    assert "The vendor refuses" not in text
    assert "Not everything" not in text
    assert "Not everything" in in_short(report(problems=["Connect is down."]))


@pytest.mark.parametrize("kind", Kind)
def test_a_finding_can_be_read_back_from_its_json(kind):
    one = finding(1, kind)
    assert finding_from_json(json.loads(json.dumps(one.as_json()))) == one


def test_the_last_finding_about_a_request_counts():
    made = report(finding(1, Kind.WAITS, Cause.SENT), finding(1, Kind.SETTLED, Cause.CANCELLED))
    assert [each.kind for each in made.findings.values()] == [Kind.SETTLED]


def test_without_a_parameter_a_schedule_has_the_usual_values():
    assert order_of({"parameter": None}) == order_of({"parameter": {}}) == order_of({})
    made = order_of({"parameter": {"days": 7, "products": ["PRD-1-2"], "calls_per_minute": 60}})
    assert (made.days, made.products, made.calls_per_minute) == (7, ("PRD-1-2",), 60)


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ({"days": -1}, "days"),
        ({"days": True}, "days"),
        ({"days": "30"}, "days"),
        ({"days": 10**9}, "days"),
        ({"subscriptions": 1.5}, "subscriptions"),
        ({"calls_per_minute": 0}, "calls_per_minute"),
        ({"products": "PRD-1-2"}, "products"),
        ({"products": ["PRD-1),eq(id,PR-1"]}, "products"),
        ({"product": "PRD-1-2"}, "this one does not match"),
        ([], "this one does not match"),
        ("days", "this one does not match"),
    ],
)
def test_a_wrong_parameter_is_named(parameter, name):
    with pytest.raises(WrongParameterError, match=name):
        order_of({"parameter": parameter})
