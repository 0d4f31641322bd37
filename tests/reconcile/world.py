"""The extension in this process, and runs with readable reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from connect_ext.connect.listing import Environment
from connect_ext.http.pace import MOST_CALLS_PER_MINUTE
from connect_ext.reconcile.finding import Finding, Kind, Report
from connect_ext.reconcile.reconciling import Order, reconcile
from sandbox.connect.environment import ENVIRONMENT_ID, SERVICE_ID
from tests.in_process import Extension, running_extension

HOURS = 3600.0


class World:
    """A sandbox with requests, and runs of reconcile against it."""

    def __init__(self, extension: Extension) -> None:
        self.extension, self.sandbox = extension, extension.sandbox
        self.connect, self.vendor = self.sandbox.connect, self.sandbox.vendor

    @property
    def product(self) -> str:
        """The product of all its requests."""
        return self.connect.default_product()

    def cancel(self, subscription_id: str | None = None, **fields: Any) -> str:
        """A customer cancels a new subscription; Connect makes a task for it."""
        return self.sandbox.cancel(subscription_id, **fields)

    def vendor_id(self, request_id: str) -> str:
        """The vendor's id of a request's subscription."""
        params = self.connect.request(request_id)["asset"]["params"]
        return next(each["value"] for each in params if each["id"] == "subscription_id")

    def cancellations(self, request_id: str) -> int:
        """How often the vendor really cancelled the request's subscription."""
        return self.vendor.subscriptions[self.vendor_id(request_id)].cancellations

    def looks(self, request_id: str) -> int:
        """How often the vendor was asked about the request's subscription."""
        path = f"/subscriptions/{self.vendor_id(request_id)}"
        return sum(call.path.startswith(path) for call in self.vendor.calls)

    async def run(self, **options: Any) -> Report:
        """One run in the extension's own process."""
        options = {"calls_per_minute": MOST_CALLS_PER_MINUTE, **options}
        extension = self.extension
        return await reconcile(
            extension.variables,
            Order(**options),
            extension.shared.connect_api(extension.client()),
            Environment(SERVICE_ID, ENVIRONMENT_ID),
            extension.shared,
        )


def found(report: Report, kind: Kind = Kind.NEEDS_PERSON) -> dict[str, str]:
    """The causes of a kind's findings, by their subjects."""
    return {each.subject.id: each.cause.value for each in report.of(kind)}


def only(report: Report) -> Finding:
    """The only finding of a report."""
    (finding,) = report.findings.values()
    return finding


@asynccontextmanager
async def reconciling(**variables: str) -> AsyncIterator[World]:
    """A world whose extension has these variables."""
    async with running_extension(**variables) as extension:
        yield World(extension)
