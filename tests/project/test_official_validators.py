import pytest

from connect_ext.events import CancellationApplication
from tools.official.validation import EVENT, OBJECT_STATUSES, messages

# The validator does not close docker-compose.yml.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*docker-compose.yml:ResourceWarning")


def test_the_official_validators_report_nothing() -> None:
    assert messages() == []


def test_tasks_are_requested_for_pending_and_revoking_requests() -> None:
    [event] = CancellationApplication.get_events()
    assert (event["event_type"], event["statuses"]) == (EVENT, ["pending", "revoking"])


@pytest.mark.parametrize("status", ["pending", "revoking"])
def test_the_official_validators_compare_each_of_these_statuses_with_connect_s(status: str) -> None:
    offered = [each for each in OBJECT_STATUSES if each != status]
    [message] = messages(offered)
    assert f"*{status}* are invalid for the event *{EVENT}*" in message
