"""Conversations and their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.answers import Access, body_of, collection
from sandbox.connect.filters import CONVERSATIONS, MESSAGES
from sandbox.connect.refusals import unknown

if TYPE_CHECKING:
    from sandbox.connect.server import LocalConnect


class ConversationApi:
    """The endpoints for conversations; a path takes the conversation's id or the request's."""

    def __init__(self, connect: LocalConnect, access: Access) -> None:
        self._conversations, self._journal = connect.conversations, connect.journal
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/conversations", self.list_conversations),
            web.get("/conversations/{id}", self.get_conversation),
            web.get("/conversations/{id}/messages", self.list_messages),
            web.post("/conversations/{id}/messages", self.create_message),
        ]

    async def list_conversations(self, request: web.Request) -> web.StreamResponse:
        """GET /conversations"""
        return self._access.collection(
            request, lambda query: self._conversations.candidates(query.wanted), CONVERSATIONS
        )

    async def get_conversation(self, request: web.Request) -> web.StreamResponse:
        """GET /conversations/{id}"""
        return web.json_response(self._conversations.get(self._id(request)))

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        """GET /conversations/{id}/messages"""
        messages = self._conversations.messages(self._id(request), self._access.account(request))
        return collection(request, messages, MESSAGES)

    async def create_message(self, request: web.Request) -> web.StreamResponse:
        """POST /conversations/{id}/messages"""
        either_id = self._id(request)
        body = await body_of(request)
        message = self._conversations.post(either_id, body, self._access.account(request))
        request_id = self._conversations.get(either_id)["instance_id"]
        self._journal.record("note", request_id, message["type"])
        return web.json_response(message, status=201)

    def _id(self, request: web.Request) -> str:
        """The conversation's id, from its own or its request's, if the account may see it."""
        if not self._access.sees_requests(request):
            raise unknown(request.match_info["id"])
        return request.match_info["id"]
