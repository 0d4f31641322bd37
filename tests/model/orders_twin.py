"""A Zuora with orders in memory, behind the real vendor ``zuora`` and strict about every call.

It answers like ``Zuora-Version`` 2025-08-12: an error has a code and the HTTP status of its
category. A gateway's answer has no code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx

from connect_ext.http.client import Answer, Call
from connect_ext.vendors.base import Act
from tests.model.connect_twin import SUBSCRIPTION
from tests.model.later import ZUORA_ZONE, midnight, moment, term_ends
from tests.model.orders import Kept, Order
from tests.model.process import now
from tests.model.subscription import RefusalError
from tests.model.vendor_twins import STORED_SECONDS, HttpTwin
from tests.model.virtual_time import seconds

CLIENT = {"client_id": "a-client", "client_secret": "s3cret-of-the-client"}
OWNER = "A00000002"
TOKEN_SECONDS = 3599

_BEGINS = date(2026, 1, 1)
_POLICIES = {"end_of_term": "EndOfCurrentTerm", "end_of_invoiced_period": "EndOfLastInvoicePeriod"}
_TRIGGERS = ["ContractEffective", "ServiceActivation", "CustomerAcceptance"]
_CODES = {400: 58730020, 401: 90000011, 404: 50000040, 409: 58730050}
_A_PREVIEW = "nobody's"
_COMMON = {"orderDate", "existingAccountNumber", "description", "subscriptions"}

Json = dict[str, Any]


class OrdersTwin(HttpTwin):
    """Zuora's REST API."""

    is_rest = False
    ID: ClassVar = "0123456789abcdef0123456789abcdef"
    STATUSES: ClassVar = {
        "active": "Active",
        "cancelled": "Cancelled",
        "draft": "Draft",
        "suspended": "Suspended",
    }

    def prepared(self, call: Call) -> Callable[[], Answer]:
        url, headers = urlsplit(call.url), {name.lower(): value for name, value in call.headers}
        if url.path == "/oauth/token":
            return partial(_token, call)
        assert headers["zuora-version"] == "2025-08-12"
        track_id = headers["zuora-track-id"]
        assert track_id == self.process.request_id
        token = headers["authorization"].removeprefix("Bearer ")
        if seconds() >= float(token):
            return lambda: _refused(401, "Please sign in.", track_id)
        work = self._operation(call, url.path.split("/")[2:], parse_qs(url.query), headers)
        return lambda: self._answered(work, track_id)

    def _operation(
        self, call: Call, path: list[str], query: dict[str, list[str]], headers: dict[str, str]
    ) -> Callable[[], Json | Answer]:
        request_id = self.process.request_id
        match (call.method, *path):
            case ("GET", "subscriptions", key):
                assert key == SUBSCRIPTION
                self.process.has_looked = True
                return lambda: self._subscription(request_id)
            case ("GET", "orders", "subscription", key):
                assert key == SUBSCRIPTION
                assert query == {"status": ["all"], "pageSize": ["40"], "page": query["page"]}
                return partial(self._list, int(query["page"][0]))
            case ("GET", "orders", number):
                return partial(self._order, number)
            case ("POST", "orders", "preview"):
                self._check_preview(json.loads(call.content or b""))
                return self._preview
            case ("POST", "orders"):
                assert call.changes
                self.sends(Act.CANCEL)
                body, key = json.loads(call.content or b""), headers["idempotency-key"]
                return lambda: self._once(key, partial(self._place, request_id, body))
            case ("DELETE", "orders", number):
                assert call.changes
                self.sends(Act.UNDO)
                return partial(self._delete, request_id, number)
        raise AssertionError(f"The twin knows no {call.method} {path}")

    def _answered(self, work: Callable[[], Json | Answer], track_id: str) -> Answer:
        try:
            found = work()
        except RefusalError as refusal:
            return self._no(refusal, track_id)
        return found if isinstance(found, Answer) else _json(200, found, track_id)

    def _no(self, refusal: RefusalError, track_id: str = "") -> Answer:
        status = 400 if refusal.status == 422 else refusal.status
        return _refused(status, refusal.word, track_id)

    # Questions

    def _subscription(self, request_id: str) -> Json:
        status = self.STATUSES.get(self.subscription.shown(request_id))
        if status is None:
            raise RefusalError(404, "Cannot find entity by key.")
        is_cancelled = status == "Cancelled"
        completed = [o for o in self.subscription.book.placed if o.status == "Completed"]
        order = completed[-1] if completed else None
        effective = order.effective if order else self._end_by_hand
        ends = effective if is_cancelled else self._term_ends
        reason = order.text if order and self.subscription.setting.shows_status else ""
        return {
            "success": True,
            "id": self.ID,
            "accountNumber": "A00000001",
            "invoiceOwnerAccountNumber": OWNER,
            "subscriptionNumber": SUBSCRIPTION,
            "status": status,
            "isLatestVersion": True,
            "contractEffectiveDate": _BEGINS.isoformat(),
            "termType": "TERMED" if self._term_ends else "EVERGREEN",
            "termEndDate": ends.isoformat() if ends else None,
            "subscriptionEndDate": ends.isoformat() if ends else None,
            "cancelReason": reason if is_cancelled else None,
            "currency": "USD",
        }

    @property
    def _term_ends(self) -> date | None:
        setting = self.subscription.setting
        return None if setting.later.is_evergreen else term_ends(setting.ends_after, ZUORA_ZONE)

    @property
    def _end_by_hand(self) -> date:
        at = self.subscription.ends_at
        return moment(at).astimezone(ZUORA_ZONE).date() if at else _today()

    @property
    def _orders(self) -> list[Order]:
        # A look first finishes due work.
        assert self.subscription.is_under_way or not self.subscription.book.is_at_work
        return self.subscription.book.shown(with_work=self.subscription.setting.shows_work)

    def _order(self, number: str) -> Json:
        found = [order for order in self._orders if order.number == number]
        if not found:
            raise RefusalError(404, "Cannot find entity by key.")
        return {"success": True, "order": _shown(found[-1])}

    def _list(self, page: int) -> Json:
        shown = [_shown(order) for order in reversed(self._orders)]
        return {"success": True, "orders": shown[40 * (page - 1) : 40 * page]}

    def _preview(self) -> Json:
        self.subscription.check(_A_PREVIEW)
        memo = {"amount": 12.5, "taxAmount": 0}
        return {"success": True, "previewResult": {"invoices": [], "creditMemos": [memo]}}

    # Orders

    def _once(self, key: str, work: Callable[[], Json]) -> Answer:
        """Do it the first time, then repeat the answer, good or bad, for a day."""
        assert 0 < len(key) < 255
        kept = self.subscription.book.kept.get(key)
        if kept and seconds() - kept.at < STORED_SECONDS:
            if kept.answer is None and self.subscription.is_under_way:
                return _json(409, {"success": False})
            return kept.answer or self._answered(self._last_result, "")
        kept = self.subscription.book.kept[key] = Kept(seconds())
        answer = self._answered(work, "")
        if self.subscription.is_under_way and answer.status == 200:
            # The gateway gives up, Zuora does not.
            return Answer(504, httpx.Headers(), b"<html>Gateway Timeout</html>")
        kept.answer = answer
        return answer

    def _place(self, request_id: str, body: Json) -> Json:
        number, effective = self._check_order(body, request_id)
        twin, setting = self.subscription, self.subscription.setting
        is_taken = setting.unique_numbers and setting.takes_numbers
        if is_taken and twin.book.is_taken(number, frees=setting.frees_numbers):
            raise twin.no(request_id, 422, "number_taken")
        if not setting.takes_numbers:
            twin.book.given += 1
            number = f"O-{twin.book.given:08}"
        ends_at = midnight(effective, ZUORA_ZONE)
        order = Order(number, request_id, body["description"], effective, ends_at)
        twin.cancel(request_id, order, ends_at)
        return self._last_result()

    def _delete(self, request_id: str, number: str) -> Json | Answer:
        twin = self.subscription
        found = next((o for o in self._orders if o.number == number), None)
        if found is None:
            raise RefusalError(404, "Cannot find entity by key.")
        if found.request_id != request_id:
            twin.broken(f"{request_id} deletes the order of {found.request_id}")
        if twin.setting.later.is_invoiced or twin.book.is_followed:
            raise twin.no_undo(request_id, 422, "invoiced, or not the last")
        twin.take_back(request_id, found)
        if twin.is_taken_back:
            return Answer(504, httpx.Headers(), b"<html>Gateway Timeout</html>")
        return {"success": True, "orderNumber": number}

    # What is sent

    def _check_common(self, body: Json) -> tuple[Json, date]:
        """Check what an order and its preview share: the only action and its date."""
        ordered = date.fromisoformat(body["orderDate"])
        assert abs(ordered - _today()) <= timedelta(days=1)
        assert body["existingAccountNumber"] == OWNER
        [each] = body["subscriptions"]
        assert set(each) == {"subscriptionNumber", "orderActions"}
        assert each["subscriptionNumber"] == SUBSCRIPTION
        [action] = each["orderActions"]
        assert set(action) == {"type", "changeReason", "triggerDates", "cancelSubscription"}
        assert action["type"] == "CancelSubscription"
        triggers = [{"name": name, "triggerDate": body["orderDate"]} for name in _TRIGGERS]
        assert action["triggerDates"] == triggers
        return action, self._effective(action["cancelSubscription"])

    def _effective(self, details: Json) -> date:
        """The first day without service, by the policy."""
        ends, later = self._term_ends, self.subscription.setting.later
        if details["cancellationPolicy"] == "SpecificDate":
            assert set(details) == {"cancellationPolicy", "cancellationEffectiveDate"}
            effective = date.fromisoformat(details["cancellationEffectiveDate"])
            assert _BEGINS <= effective <= (ends or date.max)
            assert later.when == "immediate" or later.is_evergreen
            return effective
        assert details == {"cancellationPolicy": _POLICIES[later.when]}
        assert ends or later.when == "end_of_invoiced_period"
        return ends or _today()

    def _check_order(self, body: Json, request_id: str) -> tuple[str, date]:
        """Check an order; returns its number and the first day without service."""
        assert set(body) == {*_COMMON, "orderNumber", "processingOptions"}
        assert body["processingOptions"] == {"runBilling": False, "collectPayment": False}
        action, effective = self._check_common(body)
        number: str = body["orderNumber"]
        assert request_id in number
        assert request_id in body["description"]
        assert request_id in action["changeReason"]
        assert not set(number) & set("#?/")
        return number, effective

    def _check_preview(self, body: Json) -> None:
        assert set(body) == {*_COMMON, "previewOptions"}
        assert body["previewOptions"]["previewTypes"] == ["BillingDocs"]
        self._check_common(body)

    def _last_result(self) -> Json:
        order, setting = self.subscription.book.placed[-1], self.subscription.setting
        status = self.STATUSES[self.subscription.status]
        shown = {"subscriptionNumber": SUBSCRIPTION}
        return {
            "success": True,
            "orderNumber": order.number,
            "accountNumber": OWNER,
            "status": order.status,
            "subscriptions": [shown | ({"status": status} if setting.shows_status else {})],
        }

    def _heard(self, call: Call, answer: Answer) -> None:
        """Note what Zuora itself, not a gateway, has told the extension."""
        document, process = answer.json(), self.process
        if not isinstance(document, dict):
            return
        if "/v1/subscriptions/" in call.url:
            if answer.status == 404:
                process.not_found.setdefault(process.request_id, []).append(seconds())
            elif answer.status == 200:
                process.not_found.pop(process.request_id, None)
                ends = document["subscriptionEndDate"]
                at = midnight(date.fromisoformat(ends), ZUORA_ZONE) if ends else None
                process.saw(document["status"].lower(), at)
        elif call.changes and answer.status == 200 and document.get("status") == "Completed":
            statuses = [each.get("status") for each in document["subscriptions"]]
            if statuses == ["Cancelled"]:
                process.saw("cancelled", self.subscription.ends_at)


def _token(call: Call) -> Answer:
    form = dict(parse_qsl((call.content or b"").decode()))
    assert form == {"grant_type": "client_credentials", **CLIENT}
    until = f"{seconds() + TOKEN_SECONDS}"
    return _json(200, {"access_token": until, "token_type": "bearer", "expires_in": TOKEN_SECONDS})


def _shown(order: Order) -> Json:
    action = {"type": "CancelSubscription", "changeReason": order.text}
    return {
        "orderNumber": order.number,
        "status": order.status,
        "description": order.text,
        "subscriptions": [{"subscriptionNumber": SUBSCRIPTION, "orderActions": [action]}],
    }


def _refused(status: int, message: str, track_id: str = "") -> Answer:
    reasons = [{"code": _CODES[status], "message": message}]
    return _json(status, {"success": False, "processId": "7F", "reasons": reasons}, track_id)


def _json(status: int, document: Json, track_id: str = "") -> Answer:
    headers = httpx.Headers({"Zuora-Track-Id": track_id} if track_id else {})
    return Answer(status, headers, json.dumps(document).encode())


def _today() -> date:
    return now().astimezone(ZUORA_ZONE).date()
