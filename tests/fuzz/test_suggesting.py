"""For any vendor's answer, the proposals fit it and leak nothing."""

from __future__ import annotations

import re
from datetime import timezone
from typing import Any

import jmespath
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.vendors.base import PLAIN_WORD
from connect_ext.vendors.rest.dates import moment
from connect_ext.vendors.rest.variables import VARIABLES
from connect_ext.vendors.rest.vocabulary import LISTS, PLACES, REASON_PLACES, REASONS, WRAPPERS
from tests.fuzz.hostile import ODD_TEXTS, numbers, statuses, texts
from tests.unit.builders import configuration
from tests.unit.suggesting import AHEAD, AHEAD_SECONDS, PAST, proposed, questions, read, suggested

ID = "SUB-1000-2000"
SECRET = "s3cret-of-a-customer"
INITIAL = {variable.name: variable.initial_value for variable in VARIABLES}

_TELLING = """
    id uuid number subscription_id status state subscriptionStatus lifecycle-status phase value code
    ended_at terminatedAt cancel_at scheduled-cancel-date cancelled_at canceledDate expires_at
    end_date ends_at endDate end current_term_end termEndDate current_period_end renewal_date
    charged_through paidUntil cancel_at_period_end cancelAtEndOfTerm action effective_at city name
"""
telling = st.sampled_from(sorted({*_TELLING.split(), *PLACES, *REASONS, *REASON_PLACES}))
odd_names = st.sampled_from(["sta tus", 'sta"tus', "st'a", "_", "customer", *ODD_TEXTS[:18]])
names = telling | odd_names
words = st.sampled_from([*LISTS, "Active", "lounging", "success", "PENDING", "On Hold", "K4711"])
days = st.sampled_from([AHEAD, PAST, AHEAD_SECONDS, "2026-12-31", "9999-12-31", "", 0, None])
own = st.sampled_from([ID, SECRET, f"It is {SECRET}."])
leaves = words | days | days | own | st.booleans() | numbers | texts
inner = st.recursive(
    leaves,
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(names, deeper, max_size=6),
    max_leaves=20,
)


@st.composite
def subscriptions(draw: st.DrawFn) -> Any:
    """A subscription with meaningful member names, inside wrapping objects."""
    status = {draw(st.sampled_from(["status", "state"])): draw(words)}
    shown = draw(st.dictionaries(names, inner, max_size=6)) | {draw(telling): draw(days)} | status
    for name in draw(st.lists(st.sampled_from(["subscription", *sorted(WRAPPERS)]), max_size=3)):
        shown = draw(st.sampled_from([{name: shown}, {name: [shown]}, {"id": ID, name: shown}]))
    return shown


documents = inner | subscriptions() | subscriptions()


@given(statuses, documents, st.sampled_from(["", ID, "1", SECRET]))
def test_proposals_are_a_configuration_without_mistakes(status, document, asked_for):
    configuration(**proposed(document, asked_for, status))


@given(statuses | st.just(200), documents)
def test_only_names_and_plain_words_of_an_answer_are_shown(status, document):
    for each in suggested(document, ID, status):
        assert each.variable in INITIAL
        assert each.grounds.isascii()
        assert each.grounds.isprintable()
        for value in (SECRET, ID, "2026", str(AHEAD_SECONDS)):
            assert value not in each.value + each.grounds
        for quoted in re.findall(r"'([^']*)'", each.grounds):
            assert PLAIN_WORD.fullmatch(quoted)


@given(documents)
def test_a_proposed_path_leads_to_its_value(document):
    found = {name: jmespath.search(path, document) for name, path in paths_of(document).items()}
    assert found.get("REST_ID_PATH", ID) == ID
    assert isinstance(found.get("REST_STATUS_PATH", ""), str)
    for name in ("REST_TERM_END_PATH", "REST_CHARGED_THROUGH_PATH"):
        assert moment(found.get(name, AHEAD), timezone.utc)
    end = found.get("REST_END_DATE_PATH")
    assert end in (None, "") or moment(end, timezone.utc)


def paths_of(document: Any) -> dict[str, str]:
    return {n: path for n, path in proposed(document, ID).items() if n.endswith("_PATH")}


@given(documents)
def test_an_answer_can_be_read_with_its_own_proposals(document):
    found = proposed(document)
    if found and not questions(document):
        assert read(found, document).status


@given(documents)
def test_a_reason_is_proposed_only_if_there_is_a_text(document):
    found = proposed(document, status=409)
    assert found.keys() <= {"REST_REASON_PATH"}
    for path in found.values():
        reason = jmespath.search(path, document)
        assert any(map(is_text, reason if isinstance(reason, list) else [reason]))


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


@given(documents, telling)
def test_members_beside_the_subscription_add_nothing(document, name):
    alone = {"status": "live", "id": ID, "ended_at": None}
    beside = {"customer": {name: document}, "meta": [document], "links": {"self": document}}
    assert proposed(alone | beside, ID) == proposed(alone, ID)
