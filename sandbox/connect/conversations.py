"""Conversations about requests: messages that the partner sees, and private notes."""

from __future__ import annotations

from itertools import count
from typing import Any

from sandbox.connect import objects
from sandbox.connect.objects import Json
from sandbox.connect.refusals import invalid, missing, unknown

MESSAGE_TYPES = ("message", "private", "state_change")


class Conversations:
    """Every request's conversation.

    Whether messages can be posted by the request's id too is not documented
    (facts/connect.md 4): `by_instance_id` switches it.
    """

    def __init__(self, *, by_instance_id: bool = True) -> None:
        self.by_instance_id = by_instance_id
        self.by_id: dict[str, Json] = {}
        self.messages: dict[str, list[Json]] = {}
        self._by_instance: dict[str, Json] = {}
        self._numbers = count(1)

    def open(self, request: Json) -> Json:
        """The conversation of a request, opened if it is a new one."""
        if request["id"] in self._by_instance:
            return self._by_instance[request["id"]]
        number = next(self._numbers)
        conversation_id = f"CO-000-{number // 1000:03d}-{number % 1000:03d}"
        conversation = objects.conversation(conversation_id, request)
        self.by_id[conversation_id] = conversation
        self._by_instance[request["id"]] = conversation
        self.messages[conversation_id] = []
        return conversation

    def close(self, request_id: str) -> None:
        """Close a request's conversation: it refuses messages from now on."""
        self._of_instance(request_id)["status"] = "closed"

    def get(self, either_id: str) -> Json:
        """A conversation by its own id or by its request's."""
        return self.by_id.get(either_id) or self._of_instance(either_id)

    def messages_of(self, either_id: str) -> list[Json]:
        """The messages of a conversation, the oldest first."""
        return self.messages[self._for_messages(either_id)["id"]]

    def post(self, either_id: str, body: Json, account: Json) -> Json:
        """Add a message to an open conversation."""
        conversation = self._for_messages(either_id)
        text: Any = body.get("text")
        type_ = body.get("type", "message")
        if not text or not isinstance(text, str):
            raise missing("text")
        if type_ not in MESSAGE_TYPES:
            raise invalid(f'type: "{type_}" is not a valid choice.')
        if conversation["status"] == "closed":
            raise invalid("Messages cannot be added to a closed conversation.")
        message_id = f"ME-{next(self._numbers):09d}"
        message = objects.message(message_id, conversation["id"], text, type_, account)
        self.messages[conversation["id"]].append(message)
        return message

    def notes(self, request_id: str) -> list[Json]:
        """The messages about a request, however they were posted."""
        return self.messages[self._of_instance(request_id)["id"]]

    def _for_messages(self, either_id: str) -> Json:
        if either_id not in self.by_id and not self.by_instance_id:
            raise unknown(either_id)
        return self.get(either_id)

    def _of_instance(self, request_id: str) -> Json:
        if request_id not in self._by_instance:
            raise unknown(request_id)
        return self._by_instance[request_id]
