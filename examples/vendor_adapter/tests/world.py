"""A local Connect, with the extension in the official runner, and a local Acme as its vendor."""

from __future__ import annotations

import json

from local_acme import LocalAcme
from sandbox import Sandbox


class World:
    """A running sandbox, where each test has a product with its own variables."""

    def __init__(self, sandbox: Sandbox, acme: LocalAcme) -> None:
        self.connect, self.acme, self.runner = sandbox.connect, acme, sandbox.runners[0]

    def cancel(self, number: str, **variables: str) -> str:
        """Cancel a contract of a new product with these variables; return the request's id."""
        product_id = self.connect.create_product()
        self.connect.set_variable("PRODUCT_OVERRIDES", json.dumps({product_id: variables}))
        asset_id = self.connect.create_subscription(number, product_id=product_id)
        return self.connect.create_cancel_request(asset_id)

    def notes(self, request_id: str) -> str:
        """All the extension's notes on a request."""
        return " ".join(note["text"] for note in self.connect.notes(request_id))

    async def says(self, request_id: str, text: str) -> None:
        """Wait until a note on the request has this text."""
        await self.connect.journal.until(
            lambda: text in self.notes(request_id), 30.0, f"a note with {text!r}"
        )
