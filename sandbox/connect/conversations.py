"""Conversations about requests: messages that the partner sees, and private notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sandbox.connect import objects
from sandbox.connect.moments import Clock, written
from sandbox.connect.objects import Json
from sandbox.connect.refusals import forbidden, invalid, missing, unknown

MESSAGE_TYPES = ("message", "private", "state_change")


class Conversations:
    """Every request's conversation.

    The platform does not document whether messages can be posted by the request's id
    (docs/facts.md, Connect 4): `by_instance_id` switches that. Nor does it document the precision
    of their dates. Its examples have whole seconds, and `whole_seconds` switches that.
    """

    def __init__(self, clock: Clock | None = None, *, by_instance_id: bool = True) -> None:
        self.by_instance_id = by_instance_id
        self.whole_seconds = True
        self.by_id: dict[str, Json] = {}
        self._messages: dict[str, list[Json]] = {}
        self._by_instance: dict[str, Json] = {}
        self._removed: dict[str, Json] = {}
        self._forbidden: dict[str | None, frozenset[str]] = defaultdict(frozenset)
        self._clock = clock or Clock()
        self._numbers = count(1)

    def open(self, request: Json) -> None:
        """Open the conversation of a new request; a removed conversation stays removed."""
        if request["id"] in self._by_instance or request["id"] in self._removed:
            return
        number = next(self._numbers)
        conversation_id = f"CO-000-{number // 1000:03d}-{number % 1000:03d}"
        conversation = objects.conversation(conversation_id, request)
        self.by_id[conversation_id] = conversation
        self._by_instance[request["id"]] = conversation
        self._messages[request["id"]] = []

    def candidates(self, wanted: Mapping[str, Iterable[str]]) -> Mapping[str, Json]:
        """Candidates that include every conversation whose fields have one of these values."""
        if "instance_id" not in wanted:
            return self.by_id
        found = filter(None, map(self._by_instance.get, wanted["instance_id"]))
        return {each["id"]: each for each in found}

    def get(self, either_id: str) -> Json:
        """A conversation by its own id or by its request's."""
        found = self.by_id.get(either_id) or self._by_instance.get(either_id)
        if found is None:
            raise unknown(either_id)
        return found

    def messages(self, either_id: str, account: Json) -> dict[str, Json]:
        """The messages that an account may see, by their ids, oldest first."""
        conversation = self._for_messages("GET", either_id)
        messages = self._messages[conversation["instance_id"]]
        return {each["id"]: each for each in messages if _sees(account, each)}

    def post(self, either_id: str, body: Json, account: Json) -> Json:
        """Add a message to an open conversation."""
        conversation = self._for_messages("POST", either_id)
        text: Any = body.get("text")
        type_ = body.get("type", "message")
        if not text or not isinstance(text, str):
            raise missing("text")
        if type_ not in MESSAGE_TYPES:
            raise invalid(f'type: "{type_}" is not a valid choice.')
        if conversation["status"] == "closed":
            raise invalid("Messages cannot be added to a closed conversation.")
        return self.add(conversation["instance_id"], text, type_, account)

    def add(
        self,
        request_id: str,
        text: str,
        type_: str,
        account: Json,
        created: datetime | None = None,
    ) -> Json:
        """Add a message, whatever the conversation's state."""
        conversation = self._by_instance.get(request_id) or self._removed[request_id]
        message_id = f"ME-{next(self._numbers):09d}"
        timespec = "seconds" if self.whole_seconds else "microseconds"
        date = written(created or self._clock.now(), timespec)
        message = objects.message(
            message_id, conversation["id"], text=text, type_=type_, account=account, created=date
        )
        self._messages[request_id].append(message)
        return message

    def notes(self, request_id: str) -> list[Json]:
        """Every message about a request, whoever wrote it and however it was posted."""
        if request_id not in self._messages:
            raise unknown(request_id)
        return self._messages[request_id]

    def backdate(self, request_id: str, by: timedelta) -> None:
        """Make every message about a request this much older."""
        for message in self.notes(request_id):
            before = datetime.fromisoformat(message["created"])
            timespec = "seconds" if self.whole_seconds else "microseconds"
            message["created"] = written(before - by, timespec)
            message["events"]["created"]["at"] = message["created"]

    # Trouble

    def close(self, request_id: str) -> None:
        """Close a request's conversation, which refuses messages from now on."""
        self.get(request_id)["status"] = "closed"

    def remove(self, request_id: str) -> None:
        """Remove a request's conversation; nobody finds it from now on."""
        conversation = self._removed[request_id] = self._by_instance.pop(request_id)
        del self.by_id[conversation["id"]]

    def forbid(self, request_id: str | None, *methods: str) -> None:
        """Answer 403 to GET, POST or both for a request's messages (None: every request's).

        Without methods, everything is allowed again.
        """
        self._forbidden[request_id] = frozenset(methods)

    def _for_messages(self, method: str, either_id: str) -> Json:
        if either_id not in self.by_id and not self.by_instance_id:
            raise unknown(either_id)
        conversation = self.get(either_id)
        if method in self._forbidden[None] | self._forbidden[conversation["instance_id"]]:
            raise forbidden("You do not have permission to perform this action.")
        return conversation


def _sees(account: Json, message: Json) -> bool:
    return bool(message["type"] != "private" or message["account"]["id"] == account["id"])
