"""The operations that change a tenant's data: create, update, delete and amend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.zuora import soap, values
from sandbox.zuora.amend import AmendPlan, check_once
from sandbox.zuora.amending import Amending
from sandbox.zuora.schema import Element
from sandbox.zuora.soap import CallError, Part, RowError


@dataclass(frozen=True)
class Call:
    """A checked call in the form its handler needs."""

    version: float
    operation: str
    body: Element
    headers: dict[str, Element]


class Changes:
    """Handlers of checked calls. Refusals of a whole call are raised as CallError."""

    def __init__(self, amending: Amending) -> None:
        self._amending = amending

    def result(self, call: Call) -> Iterable[list[Part]]:
        """Carry out the call and return its results."""
        return {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "amend": self._amend,
        }[call.operation](call)

    def _create(self, call: Call) -> Iterable[list[Part]]:
        options = call.headers.get("CallOptions")
        single = options is not None and values.is_true(soap.value(options, "useSingleTransaction"))

        def create(element: Element) -> list[Part]:
            fields = soap.object_fields(call.version, element, "Amendment")
            made = self._amending.create(call.version, fields, single_transaction=single)
            return [("Id", made.id), ("Success", "true")]

        return self._each_amendment(call, create)

    def _update(self, call: Call) -> Iterable[list[Part]]:
        def update(element: Element) -> list[Part]:
            fields = soap.object_fields(call.version, element, "Amendment")
            made = self._amending.update(call.version, soap.value(element, "Id"), fields)
            return [("Id", made.id), ("Success", "true")]

        return self._each_amendment(call, update)

    def _each_amendment(
        self, call: Call, work: Callable[[Element], list[Part]]
    ) -> list[list[Part]]:
        elements = soap.within_limit(soap.members(call.body, "zObjects"))
        if any(soap.object_type(element) != "Amendment" for element in elements):
            raise CallError("INVALID_TYPE", "The sandbox supports only amendments here")
        return [_row(call, work, element) for element in elements]

    def _delete(self, call: Call) -> Iterable[list[Part]]:
        deletions = {
            "Amendment": self._amending.delete,
            "Subscription": self._amending.billing.delete_subscription,
        }
        kind = soap.value(call.body, "type") or ""
        if kind not in deletions:
            raise CallError("INVALID_TYPE", f"invalid type: {kind}")
        elements = soap.within_limit(soap.members(call.body, "ids"))

        def delete(element: Element) -> list[Part]:
            deletions[kind](element.text or "")
            return [("id", element.text), ("success", "true")]

        return [_row(call, delete, element) for element in elements]

    def _amend(self, call: Call) -> Iterable[list[Part]]:
        requests = soap.members(call.body, "requests")
        limit = 1 if call.version < 42 else 3 if call.version < 69 else 10
        if any(len(soap.members(request, "Amendments")) > limit for request in requests):
            raise CallError("MAX_RECORDS_EXCEEDED", f"At most {limit} amendments in a request")
        try:
            # Check all of them first: if one fails, the whole call fails.
            plans = [AmendPlan.read(self._amending, call.version, request) for request in requests]
            check_once(plans, self._amending)
            return [plan.carry_out(self._amending, call.version) for plan in plans]
        except RowError as error:
            return [soap.row_error("amend", call.version, error)] * len(requests)


def _row(call: Call, work: Callable[[Element], list[Part]], element: Element) -> list[Part]:
    try:
        return work(element)
    except RowError as error:
        return soap.row_error(call.operation, call.version, error)
