"""The conversation about a request: leaves notes, and reads our own private ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connect_ext.cause import Cause
from connect_ext.connect.account import AccountState
from connect_ext.connect.client import ConnectClient, ConnectRefusalError, Reply
from connect_ext.connect.moment import read_moment
from connect_ext.connect.notes import NoteKind, Notes, PrivateNote
from connect_ext.connect.object_id import is_object_id
from connect_ext.errors import Later, NotConfigured, NotDone

MAX_NOTE_CHARACTERS = 2000
PAGE = 100
MAX_PAGES = 100
_REFUSALS = (400, 403, 404, 405, 409, 410)


class NoteRefusedError(NotConfigured):
    """Connect refuses to keep a note: the conversation is missing, closed or not permitted."""


class Conversation:
    """The conversations of one account's requests."""

    def __init__(self, client: ConnectClient, account: AccountState) -> None:
        self._client, self._account = client, account

    async def leave(self, request_id: str, text: str, kind: NoteKind = NoteKind.PRIVATE) -> bool:
        """Leave a note; False if it could not be left.

        Nothing depends on such a note, so no error is raised.
        """
        try:
            await self.keep(request_id, text, kind)
        except Later:
            return False
        return True

    async def keep(self, request_id: str, text: str, kind: NoteKind = NoteKind.PRIVATE) -> None:
        """Leave a note; raise ``NoteRefusedError`` if Connect refuses to keep it."""
        payload = {"text": text[:MAX_NOTE_CHARACTERS], "type": kind.value}
        with _refusals_of_notes():
            reply = await self._messages(request_id, "post", "", "leaving a note", payload)
        message = reply.object()
        if not message.get("id"):
            raise NotDone("Connect's answer to leaving a note has no note.", cause=Cause.CONNECT)
        self._account.id = _id(message.get("account")) or self._account.id

    async def private_notes(self, request_id: str) -> Notes:
        """Read all private notes of our own account; raises ``NotDone`` if some are missing."""
        own = await self._own_account()
        found: list[dict[str, Any]] = []
        for _ in range(MAX_PAGES):
            query = f"?eq(type,private)&ordering(created)&limit={PAGE}&offset={len(found)}"
            reply = await self._messages(request_id, "get", query, "reading the notes")
            found += reply.objects()
            if _is_last_page(reply, len(found)):
                break
        else:
            raise NotConfigured("The request's conversation has more notes than can be read.")
        notes = [note for message in found if (note := _private_note(message, own))]
        return Notes(tuple(sorted(notes, key=lambda note: note.created)), reply.now)

    async def _own_account(self) -> str:
        """The id of the account that the token belongs to (docs/facts.md, Connect 4)."""
        if not self._account.id:
            reply = await self._client.call("get", "accounts?limit=2&offset=0", "reading accounts")
            accounts = [_id(account) for account in reply.objects()]
            if len(accounts) != 1 or not accounts[0]:
                raise NotConfigured(
                    "Connect does not show which account the extension acts for: check the"
                    " permissions of its token (Accounts)."
                )
            self._account.id = accounts[0]
        return self._account.id

    async def _messages(
        self,
        request_id: str,
        method: str,
        query: str,
        what: str,
        payload: dict[str, str] | None = None,
    ) -> Reply:
        """Call the messages by the request's id, or by the conversation's if that is refused.

        Either id works for a conversation, but that is not documented for this call.
        """
        if self._account.knows_conversations_by_request:
            path = f"conversations/{request_id}/messages{query}"
            try:
                return await self._client.call(method, path, what, payload)
            except ConnectRefusalError as refusal:
                if refusal.status not in _REFUSALS:
                    raise
        conversation_id = await self._conversation_id(request_id)
        path = f"conversations/{conversation_id}/messages{query}"
        reply = await self._client.call(method, path, what, payload)
        self._account.knows_conversations_by_request = False
        return reply

    async def _conversation_id(self, request_id: str) -> str:
        path = f"conversations?instance_id={request_id}&limit=1&offset=0"
        reply = await self._client.call("get", path, "finding the conversation")
        found = next(iter(reply.objects()), {})
        conversation_id = _id(found)
        is_its_own = found.get("instance_id", request_id) == request_id
        if not is_its_own or not is_object_id(conversation_id):
            raise ConnectRefusalError("Connect shows no conversation for the request.", 404)
        return conversation_id


@contextmanager
def _refusals_of_notes() -> Iterator[None]:
    try:
        yield
    except ConnectRefusalError as refusal:
        if refusal.status in _REFUSALS:
            raise NoteRefusedError(refusal.message) from None
        raise


def _is_last_page(reply: Reply, seen: int) -> bool:
    """Whether there are no more notes; after a full page, a count alone is not believed."""
    total = reply.total
    if not reply.body and seen < (total or 0):
        raise NotDone("Connect does not show all of the notes.", cause=Cause.CONNECT)
    is_counted = total is not None and total <= seen
    return not reply.body or (is_counted and len(reply.body) < PAGE)


def _private_note(message: dict[str, Any], own_account: str) -> PrivateNote | None:
    """A message as a private note of ours; None if it is anything else."""
    text, created = message.get("text"), read_moment(_created(message))
    is_ours = message.get("type") == "private" and _id(message.get("account")) == own_account
    if not is_ours or not isinstance(text, str):
        return None
    if created is None:
        raise NotDone("Connect shows a note without a date.", cause=Cause.CONNECT)
    return PrivateNote(text, created)


def _created(message: dict[str, Any]) -> object:
    events = message.get("events")
    created = events.get("created") if isinstance(events, dict) else None
    at = created.get("at") if isinstance(created, dict) else None
    return message.get("created") or at


def _id(found: object) -> str:
    value = found.get("id") if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
