"""Fulfillment requests of type cancel: their state machine and its refusals.

Transitions and refusals: docs/facts.md, Connect 1.2, 1.3, 2 and 3.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sandbox.connect import objects
from sandbox.connect.catalogue import Catalogue
from sandbox.connect.moments import Clock, parse, written
from sandbox.connect.objects import Json
from sandbox.connect.refusals import Refusal, invalid, missing, unknown, wrong_state
from sandbox.connect.timers import Timers

OPEN = ("pending", "scheduled", "revoking")
SETTLED = ("approved", "failed", "revoked")


class OnConfirm(str, Enum):
    """What `confirm` does with a revoking request.

    It is not documented which call confirms a revocation (docs/facts.md, Connect 2), so a test can
    choose any behaviour.
    """

    REVOKE = "revoke"
    """The request is revoked."""
    REFUSE = "refuse"
    """The call is refused, and the request stays revoking."""
    IGNORE = "ignore"
    """The call is answered with 200, but the request stays revoking."""


@dataclass(frozen=True)
class StatusChange:
    """A status that a request has had, and when it began."""

    at: datetime
    status: str


class CancelRequests:
    """All cancel requests; only this class changes them."""

    def __init__(
        self,
        catalogue: Catalogue,
        timers: Timers,
        changed: Callable[[Json], None],
        clock: Clock | None = None,
        on_confirm: OnConfirm = OnConfirm.REVOKE,
    ) -> None:
        self.on_confirm = OnConfirm(on_confirm)
        # INFERRED: nothing documents that somebody does (docs/facts.md, Connect 12).
        self.brings_back = True
        self._catalogue = catalogue
        self._timers = timers
        self._changed = changed
        self._clock = clock or Clock()
        self._clock.when_moved(self._reach_planned_dates)
        self.by_id: dict[str, Json] = {}
        self.history: dict[str, list[StatusChange]] = {}
        self._by_asset: dict[str, list[Json]] = {}
        self._by_product: dict[tuple[str, str], dict[str, Json]] = defaultdict(dict)

    def candidates(self, wanted: Mapping[str, Iterable[str]]) -> Mapping[str, Json]:
        """Candidates that include every request whose fields have one of these values."""
        if "id" in wanted or not {"asset.product.id", "status"} & wanted.keys():
            return self.by_id
        found: dict[str, Json] = {}
        for (product_id, status), requests in self._by_product.items():
            is_product = product_id in wanted.get("asset.product.id", (product_id,))
            if is_product and status in wanted.get("status", (status,)):
                found.update(requests)
        return found

    def get(self, request_id: str) -> Json:
        """The request with this id; raises the platform's refusal if there is none."""
        if request_id not in self.by_id:
            raise unknown(request_id)
        return self.by_id[request_id]

    def of_asset(self, asset_id: str) -> list[Json]:
        """A subscription's requests, the newest first."""
        return self._by_asset.get(asset_id, [])[::-1]

    def pending_of(self, asset_id: str) -> Json | None:
        """The subscription's one open request, if there is one."""
        return next((r for r in self.of_asset(asset_id) if r["status"] in OPEN), None)

    def create(self, asset_id: str, created: datetime | None = None) -> Json:
        """Make a pending cancel request; the subscription becomes terminating."""
        asset = self._catalogue.asset(asset_id)
        pending = self.pending_of(asset_id)
        if pending is not None:
            raise _duplicate(pending)
        if asset["status"] != "active":
            raise wrong_state("Only active Subscriptions can be cancelled.")
        request = self._add(asset, created or self._clock.now())
        self._move(request, "pending", asset_status="terminating")
        return request

    def create_approved(self, asset_id: str, approved_at: datetime) -> Json:
        """Make a cancel request that was approved in the past; no event or task is created."""
        request = self._add(self._catalogue.asset(asset_id), approved_at)
        request["effective_date"] = written(approved_at)
        request["answered"] = True
        request["asset"]["status"] = "terminated"
        self._enter(request, "approved", approved_at)
        return request

    def _add(self, asset: Json, created: datetime) -> Json:
        templates = self._catalogue.activation_templates(asset["product"]["id"])
        number = len(self.of_asset(asset["id"])) + 2
        request = objects.cancel_request(
            f"PR-{asset['id'][3:]}-{number:03d}",
            asset,
            templates[0] if templates else None,
            created,
        )
        self.by_id[request["id"]] = request
        self.history[request["id"]] = []
        self._by_asset.setdefault(asset["id"], []).append(request)
        return request

    def approve(self, request_id: str, body: Json) -> Json:
        """Approve a pending request; the subscription is terminated."""
        request = self.get(request_id)
        effective_date = self._effective_date(body.get("effective_date"))
        template = self._template(request, body)
        self._must_be(request, "pending", "approved")
        request["effective_date"] = written(effective_date)
        request["answered"] = True
        if template is not None:
            request["template"] = {"id": template["id"], "name": template["name"]}
        else:
            request["activation_key"] = body["activation_tile"]
        self._move(request, "approved", asset_status="terminated")
        return request

    def fail(self, request_id: str, body: Json) -> Json:
        """Reject a pending request; the subscription is active again."""
        request = self.get(request_id)
        reason = body.get("reason")
        if not reason or not isinstance(reason, str):
            raise missing("reason")
        self._must_be(request, "pending", "failed")
        request["reason"] = reason
        request["answered"] = True
        self._move(request, "failed", asset_status="active")
        return request

    def schedule(self, request_id: str, body: Json) -> Json:
        """Postpone a pending request until its planned date, if the product supports it."""
        request = self.get(request_id)
        self._must_schedule(request["asset"]["product"]["id"])
        if "planned_date" not in body:
            raise missing("planned_date")
        planned = parse("planned_date", body["planned_date"])
        if planned <= self._clock.now():
            raise invalid("planned_date: The planned date must be in the future.")
        self._must_be(request, "pending", "scheduled")
        request["planned_date"] = written(planned, "auto")
        self._move(request, "scheduled")
        self._await_planned_date(request)
        return request

    def bring_forward(self, request_id: str, planned: datetime | None = None) -> Json:
        """Replace the planned date of a scheduled request (default: now).

        A date that has been reached returns the request to pending at once, if the platform's clock
        does that.
        """
        request = self.get(request_id)
        self._must_be(request, "scheduled", "brought forward")
        request["planned_date"] = written(planned or self._clock.now(), "auto")
        self._await_planned_date(request)
        return request

    def _await_planned_date(self, request: Json) -> None:
        request_id = request["id"]
        planned = parse("planned_date", request["planned_date"])
        wait = (planned - self._clock.now()).total_seconds()
        if wait <= 0:
            self._reach_planned_date(request_id)
        else:
            self._timers.set(request_id, wait, lambda: self._reach_planned_date(request_id))

    def _reach_planned_date(self, request_id: str) -> None:
        if self.brings_back:
            self.advance(request_id)

    def _reach_planned_dates(self) -> None:
        for request in list(self.by_id.values()):
            if request["status"] == "scheduled":
                self._await_planned_date(request)

    def advance(self, request_id: str) -> Json:
        """Return a scheduled request to pending; its planned date stays as it is.

        UNKNOWN whether the platform's clock does this on the planned date or the vendor does.
        """
        request = self.get(request_id)
        self._must_be(request, "scheduled", "returned to pending")
        self._timers.cancel(request_id)
        self._move(request, "pending")
        return request

    def revoke(self, request_id: str, body: Json) -> Json:
        """The customer's side withdraws a scheduled request."""
        request = self.get(request_id)
        self._must_be(request, "scheduled", "revoked")
        self._timers.cancel(request_id)
        request["reason"] = str(body.get("reason", ""))
        self._move(request, "revoking")
        return request

    def confirm(self, request_id: str) -> Json:
        """The vendor confirms a revocation; `on_confirm` decides the result."""
        request = self.get(request_id)
        self._must_be(request, "revoking", "confirmed")
        if self.on_confirm is OnConfirm.REFUSE:
            raise wrong_state("Only draft Fulfillments can be confirmed.")
        if self.on_confirm is OnConfirm.REVOKE:
            self.complete_revocation(request_id)
        return request

    def complete_revocation(self, request_id: str) -> Json:
        """Confirm a revocation, whoever asked for it; the subscription is active again."""
        request = self.get(request_id)
        self._must_be(request, "revoking", "revoked")
        self._move(request, "revoked", asset_status="active")
        return request

    def backdate(self, request_id: str, by: timedelta) -> None:
        """Make a request this much older, except for its planned date."""
        request = self.get(request_id)
        for name in ("created", "updated", "effective_date"):
            # Only an approved request has an effective date.
            if request[name]:
                request[name] = written(parse(name, request[name]) - by)
        for name in ("created", "updated"):
            request["events"][name] = objects.event(parse(name, request[name]))

    def assign(self, request_id: str, body: Json) -> Json:
        """Assign an agent, by id or by email."""
        request = self.get(request_id)
        if not ({"id", "email"} & body.keys()):
            raise missing("id")
        request["assignee"] = {
            "id": body.get("id", objects.AGENT["id"]),
            "name": objects.AGENT["name"],
            "email": body.get("email", ""),
        }
        return request

    def _must_be(self, request: Json, status: str, participle: str) -> None:
        if request["status"] != status:
            raise wrong_state(f"Only {status} Fulfillments can be {participle}.")

    def _must_schedule(self, product_id: str) -> None:
        # INFERRED: the capability gates this call. The error code is the one for a request's rules
        # (docs/facts.md, Connect 2 and 3.1).
        if not self._catalogue.can_schedule(product_id):
            raise wrong_state("The product does not support scheduling of cancel Fulfillments.")

    def _template(self, request: Json, body: Json) -> Json | None:
        template_id = body.get("template_id")
        if not template_id and not body.get("activation_tile"):
            raise invalid("template_id: Either template_id or activation_tile is required.")
        if not template_id:
            return None
        for template in self._catalogue.activation_templates(request["asset"]["product"]["id"]):
            if template["id"] == template_id:
                return template
        raise invalid(f"template_id: Template `{template_id}` is not valid for this product.")

    def _move(self, request: Json, status: str, asset_status: str | None = None) -> None:
        moment = self._clock.now()
        # A backdated request keeps its dates until something happens to it.
        if self.history[request["id"]]:
            request["updated"] = written(moment)
            request["events"]["updated"] = objects.event(moment)
        if asset_status is not None:
            request["asset"]["status"] = asset_status
            request["asset"]["events"]["updated"] = objects.event(moment)
        self._enter(request, status, moment)
        self._changed(request)

    def _enter(self, request: Json, status: str, moment: datetime) -> None:
        product_id, request_id = request["asset"]["product"]["id"], request["id"]
        self._by_product[product_id, request["status"]].pop(request_id, None)
        self._by_product[product_id, status][request_id] = request
        request["status"] = status
        self.history[request_id].append(StatusChange(moment, status))

    def _effective_date(self, value: Any) -> datetime:
        if value is None:
            return self._clock.now()
        moment = parse("effective_date", value)
        if moment > self._clock.now():
            raise invalid("effective_date: The effective date must not be in the future.")
        return moment


def _duplicate(pending: Json) -> Refusal:
    """The answer to a second request describes the first (docs/facts.md, Connect 2.2).

    The real error code is not known; REQ_003 is the one for a request's state.
    """
    params = {
        "request_status": pending["status"],
        "asset_status": pending["asset"]["status"],
        "fail_message": pending["reason"],
        "request_id": pending["id"],
        "asset_id": pending["asset"]["id"],
        "template": pending["template"],
        "params_form_url": "",
    }
    return Refusal(409, "REQ_003", "The subscription has a pending request.", params=params)
