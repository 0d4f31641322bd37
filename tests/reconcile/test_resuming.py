"""The file from which an interrupted run resumes."""

import json

import pytest

from connect_ext.cause import Cause
from connect_ext.open_requests.subject import Subject
from connect_ext.reconcile.finding import Finding, Kind
from connect_ext.reconcile.resuming import FileJournal, WrongJournalError

ORDER = {"days": 30, "products": ["PRD-100-000-001"]}
FINDING = Finding(
    Subject("PR-1-002", "AS-1", "PRD-100-000-001"), Kind.NEEDS_PERSON, Cause.REFUSED, "No."
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


def test_the_next_run_knows_what_was_done(path):
    journal = FileJournal(path, ORDER)
    journal.keep("PR-1-002", FINDING)
    journal.keep("PR-2-002", None)
    journal.close()
    after = FileJournal(path, ORDER)
    assert after.has("PR-1-002")
    assert after.found("PR-1-002") == FINDING
    assert after.has("PR-2-002")
    assert after.found("PR-2-002") is None
    assert not after.has("PR-3-002")
    after.finish()
    assert not path.exists()


def test_a_run_that_was_cut_in_the_middle_of_a_line_is_resumed(path):
    journal = FileJournal(path, ORDER)
    journal.keep("PR-1-002", FINDING)
    journal.keep("PR-2-002", FINDING)
    journal.close()
    path.write_text(path.read_text()[:-30])
    for _ in range(2):
        after = FileJournal(path, ORDER)
        assert after.has("PR-1-002")
        assert not after.has("PR-9-002")
        after.close()
    after = FileJournal(path, ORDER)
    assert not after.has("PR-2-002")
    after.keep("PR-2-002", None)
    after.close()
    last = FileJournal(path, ORDER)
    assert last.has("PR-2-002")
    last.close()


def test_an_empty_file_is_started(path):
    path.touch()
    journal = FileJournal(path, ORDER)
    journal.keep("PR-1-002", None)
    journal.close()
    after = FileJournal(path, ORDER)
    assert after.has("PR-1-002")
    after.close()


@pytest.mark.parametrize("text", ["something else\n", "{}\n", "[1]\n", json.dumps({"days": 3})])
def test_the_file_of_another_run_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(WrongJournalError, match="delete it"):
        FileJournal(path, ORDER)
    assert path.read_text() == text


def test_an_unreadable_line_is_skipped(path):
    journal = FileJournal(path, ORDER)
    journal.close()
    with path.open("a") as file:
        file.write('{"id": "PR-1-002", "finding": {"kind": "odd"}}\n[]\n{"finding": null}\n')
        file.write('{"id": "PR-2-002", "finding": null}\n')
    after = FileJournal(path, ORDER)
    assert not after.has("PR-1-002")
    assert after.has("PR-2-002")
    after.close()


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(WrongJournalError, match="nowhere"):
        FileJournal(tmp_path / "nowhere" / "journal", ORDER)


def test_only_its_owner_may_read_it(path):
    FileJournal(path, ORDER).close()
    assert path.stat().st_mode & 0o077 == 0
