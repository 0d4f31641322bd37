"""The preview of an `amend`: what it would bill, and how the metrics would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from decimal import Decimal

from sandbox.zuora import soap, values
from sandbox.zuora.amending import Amending
from sandbox.zuora.charging import CENT, Line
from sandbox.zuora.records import Amendment, Subscription
from sandbox.zuora.schema import Element
from sandbox.zuora.soap import Part

PERIOD = timedelta(days=30)


@dataclass(frozen=True)
class Preview:
    """How a call previews: through the target date if it names one, through the end of the term, or
    through a number of 30-day periods from today.
    """

    target: date | None
    periods: int
    through_term_end: bool
    metrics_only: bool

    @classmethod
    def read(cls, options: Element | None, target: date | None) -> Preview | None:
        """The call's preview options; None if it is not a preview."""
        if options is None or not values.is_true(soap.value(options, "EnablePreviewMode")):
            return None
        return cls(
            target=target,
            periods=int(soap.value(options, "NumberOfPeriods") or 0),
            through_term_end=values.is_true(soap.value(options, "PreviewThroughTermEnd")),
            metrics_only=soap.value(options, "PreviewType") == "ChargeMetrics",
        )

    def result(
        self, amending: Amending, version: float, amendments: Sequence[Amendment]
    ) -> list[Part]:
        """The result of the call; nothing is stored."""
        subscriptions = amending.billing.subscriptions
        bases = [subscriptions[each.subscription_id] for each in amendments]
        tail: list[Part] = [("Success", "true"), *deltas(version, bases[-1].monthly_price)]
        billed = [
            amending.lines(amendment, self._through(amending.billing.today(), base))
            for amendment, base in zip(amendments, bases, strict=True)
        ]
        if self.metrics_only:
            metrics = _metrics(bases[-1], billed[-1])
            return [("ChargeMetricsData", [("ChargeMetrics", metrics)]), *tail]
        zone = amending.billing.zone
        datas: list[Part] = [
            ("InvoiceDatas", _invoice_data(version, zone, base, lines))
            for base, lines in zip(bases, billed, strict=True)
        ]
        return [*datas, *tail]

    def _through(self, today: date, base: Subscription) -> date:
        if self.target is not None:
            return self.target
        if self.through_term_end and base.term_end_date is not None:
            return base.term_end_date
        return today + self.periods * PERIOD


def deltas(version: float, monthly_price: Decimal) -> list[Part]:
    """How the monthly revenue changes, at the end of a result."""
    if version < 51:
        return []
    return [("TotalDeltaMrr", f"{-monthly_price:.9f}"), ("TotalDeltaTcv", None)]


def _metrics(base: Subscription, lines: list[Line]) -> list[Part]:
    total = sum((line.amount for line in lines), Decimal(0)).quantize(CENT)
    return [("DMRR", f"{-base.monthly_price:.2f}"), ("DTCV", str(total))]


def _invoice_data(
    version: float, zone: tzinfo, base: Subscription, lines: list[Line]
) -> list[Part]:
    """The invoice's sums, then its items; empty if there is nothing to bill."""
    amount = sum((line.amount for line in lines), Decimal(0)).quantize(CENT)
    tax = sum((line.tax for line in lines), Decimal(0)).quantize(CENT)
    sums = {"Amount": amount + tax, "AmountWithoutTax": amount, "TaxAmount": tax}
    items = [_item(version, zone, base, line) for line in lines]
    return [
        ("Invoice", [(f"obj:{name}", str(value)) for name, value in sums.items()]),
        *(("InvoiceItem", item) for item in items),
    ]


def _item(version: float, zone: tzinfo, base: Subscription, line: Line) -> list[Part]:
    shown = {
        "ChargeAmount": str(line.amount),
        "ChargeName": line.charge.name,
        "ChargeNumber": line.charge.charge_number,
        "ServiceEndDate": values.day_text(version, line.end, zone),
        "ServiceStartDate": values.day_text(version, line.start, zone),
        "SubscriptionNumber": base.name,
        "TaxAmount": str(line.tax),
    }
    return [(f"obj:{name}", text) for name, text in shown.items()]
