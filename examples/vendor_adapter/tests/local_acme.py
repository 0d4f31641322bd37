"""A small Acme Billing on the loopback interface, which keeps contracts and takes orders."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.faults import FaultPlan
from sandbox.http_server import HttpServer

ACCOUNT, KEY = "A-77", "acme-key-27182818284"
END_OF_TERM = "2044-01-01T00:00:00Z"

Json = dict[str, Any]


class Failure(Exception):  # noqa: N818 - what Acme calls it
    """Acme does not carry out the call, for the reason in this code."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code)
        self.code, self.text = code, text


@dataclass
class Contract:
    """A contract, and Acme's behaviour with it.

    `refusal`: why it cannot be terminated yet. `locked`: how many calls meet a lock.
    `shows_after`: the seconds until a termination shows.
    """

    number: str
    state: str = "running"
    refusal: str = ""
    locked: int = 0
    shows_after: float = 0.0
    ends: str | None = None
    reference: str = ""
    terminations: int = 0
    _coming: list[tuple[float, str, str]] = field(default_factory=list)

    def json(self) -> Json:
        """The contract as the API shows it."""
        self._look()
        shown = {"id": f"con_{self.number}", "number": self.number, "state": self.state}
        return {**shown, "term_ends": END_OF_TERM, "ends": self.ends}

    def terminate(self, at: str, reference: str) -> None:
        """Terminate the contract; accept a second order while the first does not show."""
        self._look()
        self._check()
        if self.state != "running":
            raise Failure("NOT_RUNNING", f"The contract is {self.state}.")
        if self.refusal:
            raise Failure("MINIMUM_TERM", self.refusal)
        self.terminations, self.reference = self.terminations + 1, reference
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        shown = ("ended", now) if at == "now" else ("ending", END_OF_TERM)
        self._coming.append((time.monotonic() + self.shows_after, *shown))

    def resume(self, reference: str) -> None:
        """Take a termination back before its day."""
        self._look()
        self._check()
        if self.state != "ending":
            raise Failure("NOT_ENDING", f"The contract is {self.state}.")
        if reference != self.reference:
            raise Failure("OTHER_REFERENCE", "Somebody else has terminated the contract.")
        self.state, self.ends = "running", None

    def _check(self) -> None:
        if self.locked:
            self.locked -= 1
            raise Failure("LOCKED", "An invoice is being made.")

    def _look(self) -> None:
        while self._coming and self._coming[0][0] <= time.monotonic():
            _, self.state, self.ends = self._coming.pop(0)


class LocalAcme:
    """The server, with its contracts and the orders it received."""

    def __init__(self) -> None:
        self.contracts: dict[str, Contract] = {}
        self.orders: list[Json] = []
        self.faults = FaultPlan()
        self._server = HttpServer(self._application)

    async def start(self) -> None:
        """Serve."""
        await self._server.start()

    async def stop(self) -> None:
        """Refuse connections from now on."""
        await self._server.stop()

    def variables(self) -> dict[str, str]:
        """The extension's variables for this Acme."""
        return {
            "VENDOR": "acme-billing",
            "ACME_API_URL": self._server.url,
            "ACME_ACCOUNT": ACCOUNT,
            "ACME_API_KEY": KEY,
        }

    def add(self, **habits: Any) -> Contract:
        """Add a contract; `habits` are fields of `Contract`."""
        contract = Contract(f"K-{1001 + len(self.contracts)}", **habits)
        self.contracts[contract.number] = contract
        return contract

    def orders_for(self, contract: Contract) -> list[str]:
        """The changing calls made for a contract, successful or not."""
        wanted = f"con_{contract.number}"
        return [order["call"] for order in self.orders if order["contract"] == wanted]

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self.faults.middleware()])
        application.add_routes(
            [
                web.get("/accounts/{account}/contracts", self._list),
                web.post("/rpc", self._rpc),
            ]
        )
        return application

    async def _list(self, request: web.Request) -> web.Response:
        if request.headers.get("Acme-Key") != KEY:
            return _failed(Failure("BAD_KEY"))
        if request.match_info["account"] != ACCOUNT:
            return _failed(Failure("NO_SUCH_ACCOUNT"))
        found = self.contracts.get(request.query["number"])
        return web.json_response({"ok": True, "contracts": [found.json()] if found else []})

    async def _rpc(self, request: web.Request) -> web.Response:
        if request.headers.get("Acme-Key") != KEY:
            return _failed(Failure("BAD_KEY"))
        order = await request.json()
        self.orders.append(order)
        try:
            self._carry_out(**order)
        except Failure as failure:
            return _failed(failure)
        return web.json_response({"ok": True})

    def _carry_out(self, call: str, contract: str, reference: str, at: str = "") -> None:
        found = self.contracts.get(contract.removeprefix("con_"))
        if found is None:
            raise Failure("NO_SUCH_CONTRACT")
        if call == "contract.resume":
            found.resume(reference)
        elif call == "contract.terminate" and at in ("now", "end_of_term"):
            found.terminate(at, reference)
        else:
            raise Failure("BAD_CALL", "There is no such call.")


def _failed(failure: Failure) -> web.Response:
    return web.json_response({"ok": False, "code": failure.code, "text": failure.text})
