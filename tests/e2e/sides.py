"""The vendors' side of later cancellations, in one shape for REST and for both of Zuora's APIs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from sandbox import Sandbox
from sandbox.faults import DropAfter

TERM, INVOICED = timedelta(days=90), timedelta(days=30)


class Side(ABC):
    """A vendor whose subscriptions run for a term and are invoiced for part of it."""

    undo_is_final = "invoiced"
    """Part of the note on a cancellation that the vendor does not take back."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @property
    @abstractmethod
    def zone(self) -> tzinfo:
        """Where the vendor's days begin."""

    @abstractmethod
    def variables(self) -> dict[str, str]: ...

    @abstractmethod
    def today(self) -> date: ...

    @abstractmethod
    def add(self) -> str:
        """Add a subscription; returns its id."""

    @abstractmethod
    def status(self, key: str) -> str: ...

    @abstractmethod
    def ends(self, key: str) -> date | None:
        """The first day without service."""

    @abstractmethod
    def end_now(self, key: str) -> None:
        """Let the day come on which the subscription ends."""

    @abstractmethod
    def cancelled(self, key: str) -> int:
        """How often it was cancelled, undone cancellations included."""

    @abstractmethod
    def undone(self, key: str) -> int: ...

    @abstractmethod
    def undo_calls(self, key: str) -> int: ...

    @abstractmethod
    def make_final(self, key: str) -> None:
        """Refuse to take the cancellation back from now on."""

    @abstractmethod
    def lose_undo_answer(self, key: str) -> None:
        """Take the next cancellation back and lose the answer."""

    def day(self, when: str) -> date:
        """The first day without service, by CANCELLATION_DATE."""
        later = {"immediate": timedelta(), "end_of_term": TERM, "end_of_invoiced_period": INVOICED}
        return self.today() + later[when]

    def told(self, when: str) -> date:
        """The same day as a note writes it."""
        return self.day(when)


class Rest(Side):
    """The local REST vendor."""

    zone = timezone.utc
    undo_is_final = "The contract is signed off."

    def variables(self) -> dict[str, str]:
        vendor = self.sandbox.vendor
        return {**vendor.variables(), **vendor.variables_for_later_ends()}

    def today(self) -> date:
        return self.sandbox.vendor.clock.today()

    def add(self) -> str:
        term_ends, charged = self.day("end_of_term"), self.day("end_of_invoiced_period")
        number = len(self.sandbox.vendor.subscriptions)
        days = {"term_ends": term_ends.isoformat(), "charged_through": charged.isoformat()}
        return self.sandbox.vendor.add(f"SUB-LATER-{number}", **days).id

    def status(self, key: str) -> str:
        return self.sandbox.vendor.subscriptions[key].look().status

    def ends(self, key: str) -> date | None:
        ends_at = self.sandbox.vendor.subscriptions[key].ends_at
        return date.fromisoformat(ends_at) if ends_at else None

    def end_now(self, key: str) -> None:
        self.sandbox.vendor.subscriptions[key].end_now()

    def cancelled(self, key: str) -> int:
        return self.sandbox.vendor.subscriptions[key].cancellations

    def undone(self, key: str) -> int:
        return self.sandbox.vendor.subscriptions[key].undone

    def undo_calls(self, key: str) -> int:
        return len(self.sandbox.vendor.undo_calls(key))

    def make_final(self, key: str) -> None:
        self.sandbox.vendor.subscriptions[key].undo_refusal = self.undo_is_final

    def lose_undo_answer(self, key: str) -> None:
        # It shows only after the look that follows the lost answer.
        self.sandbox.vendor.subscriptions[key].undo_shows_after_seconds = 0.5
        self.sandbox.vendor.faults.add("POST", f"{key}/undo_", DropAfter(), times=1)


class Orders(Side):
    """The local Zuora with orders."""

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.sandbox.zuora_orders.zone)

    def variables(self) -> dict[str, str]:
        return self.sandbox.zuora_orders.variables()

    def today(self) -> date:
        return self.sandbox.zuora_orders.today()

    def add(self) -> str:
        term_ends, invoiced = self.day("end_of_term"), self.day("end_of_invoiced_period")
        tenant = self.sandbox.zuora_orders
        return tenant.add(term_end_date=term_ends, invoiced_through=invoiced).number

    def status(self, key: str) -> str:
        return self.sandbox.zuora_orders.subscription(key).status.lower()

    def ends(self, key: str) -> date | None:
        return self.sandbox.zuora_orders.subscription(key).subscription_end_date

    def end_now(self, key: str) -> None:
        self.sandbox.zuora_orders.end_now(key)

    def cancelled(self, key: str) -> int:
        return self.sandbox.zuora_orders.effective_cancellations(key)

    def undone(self, key: str) -> int:
        return self.sandbox.zuora_orders.undone_cancellations(key)

    def undo_calls(self, key: str) -> int:
        return self.sandbox.zuora_orders.count("delete order", key)

    def make_final(self, key: str) -> None:
        self.sandbox.zuora_orders.invoice(key)

    def lose_undo_answer(self, key: str) -> None:
        self.sandbox.zuora_orders.on("delete order", key).drop_after()


class Soap(Side):
    """The local Zuora with amendments, in one version of its SOAP API."""

    def __init__(self, sandbox: Sandbox, version: str) -> None:
        super().__init__(sandbox)
        self.version = version

    @property
    def zone(self) -> tzinfo:
        return self.sandbox.zuora.billing.zone

    def variables(self) -> dict[str, str]:
        # The tenant's zone; the version in the address decides whether it counts.
        return {**self.sandbox.zuora.variables(self.version), "VENDOR_TIME_ZONE": "Etc/GMT+8"}

    def today(self) -> date:
        return self.sandbox.zuora.today()

    def add(self) -> str:
        term_ends, invoiced = self.day("end_of_term"), self.day("end_of_invoiced_period")
        return self.sandbox.zuora.add(term_end_date=term_ends, invoiced_through=invoiced).name

    def day(self, when: str) -> date:
        moment = self._sent(when)
        return moment.astimezone(self.zone).date() if moment else super().day(when)

    def told(self, when: str) -> date:
        # The note shows a moment in UTC.
        moment = self._sent(when)
        return moment.date() if moment else self.day(when)

    def _sent(self, when: str) -> datetime | None:
        """Up to version 24, a cancellation needs a future day: a moment a day and an hour ahead."""
        is_moment = when == "immediate" and float(self.version) <= 24
        return datetime.now(timezone.utc) + timedelta(hours=25) if is_moment else None

    def status(self, key: str) -> str:
        return self.sandbox.zuora.subscription(key).status.lower()

    def ends(self, key: str) -> date | None:
        return self.sandbox.zuora.subscription(key).cancelled_date

    def end_now(self, key: str) -> None:
        self.sandbox.zuora.end_now(key)

    def cancelled(self, key: str) -> int:
        return self.sandbox.zuora.effective_cancellations(key)

    def undone(self, key: str) -> int:
        return self.sandbox.zuora.undone_cancellations(key)

    def undo_calls(self, key: str) -> int:
        return self.sandbox.zuora.count("delete", key)

    def make_final(self, key: str) -> None:
        self.sandbox.zuora.invoice(key)

    def lose_undo_answer(self, key: str) -> None:
        self.sandbox.zuora.on("delete", key).drop_after()


SIDES: dict[str, Callable[[Sandbox], Side]] = {
    "rest": Rest,
    "zuora": Orders,
    "zuora-soap-24": lambda sandbox: Soap(sandbox, "24.0"),
    "zuora-soap-27": lambda sandbox: Soap(sandbox, "27.0"),
    "zuora-soap-78": lambda sandbox: Soap(sandbox, "78.0"),
}
