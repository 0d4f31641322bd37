"""The demo's stories: cancel requests of every kind, and how each must end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sandbox.connect.objects import Parameter
from sandbox.faults import DropAfter, Kill, Respond
from sandbox.sandbox import Sandbox

# The sandbox numbers its own products from PRD-100-000-001.
DRY_PRODUCT = "PRD-500-000-002"
IMPATIENT_PRODUCT = "PRD-500-000-003"
# One product for each generation of Zuora's SOAP API, by its version.
ZUORA_PRODUCTS = {
    "19.0": "PRD-500-000-019",
    "27.0": "PRD-500-000-027",
    "78.0": "PRD-500-000-078",
}
ORDERS_PRODUCT = "PRD-500-000-100"
LATER_PRODUCT = "PRD-500-000-200"
# A task's countdown of 30 seconds takes less than half a second here.
COUNTDOWN_SCALE = 0.015
# In the demo's time, a slow vendor takes more than four minutes.
SLOW_SECONDS = 4.0
# Zuora's gateway gives up after two minutes, while Zuora carries on.
GATEWAY_SECONDS = 1.0
# How long a scheduled request is watched before its day comes or the customer changes their mind.
SCHEDULED_SECONDS = 3.0
TERM_DAYS = 90

Arrange = Callable[[Sandbox], str]
Turn = Callable[[Sandbox, str], None]


@dataclass(frozen=True)
class End:
    """How a story must end: statuses of request and task, and cancellations at the vendor."""

    request: str
    task: str
    cancellations: int
    """The vendor must have accepted this many, and all must have taken effect."""
    says: str = ""
    """A part of the reject reason, or of a note."""
    waits: int = 0
    """The minimum number of times the task must have been postponed."""
    instances: int = 1
    """How many instances must have had the task."""
    undone: int = 0
    """How many cancellations the vendor must have taken back."""
    by_way_of: tuple[str, ...] = ()
    """The statuses expected between the request's first and last."""


@dataclass(frozen=True)
class Story:
    """One cancel request; `arrange` sets the scene and returns the subscription's id `AS-...`.

    `turn` happens to the request once it has been scheduled for a while.
    """

    title: str
    arrange: Arrange
    end: End
    why: str
    turn: Turn | None = None


def prepare(sandbox: Sandbox) -> None:
    """Make the products that have variables of their own, before the runner starts."""
    overrides = {
        DRY_PRODUCT: {"DRY_RUN": "true"},
        # An unknown id is looked up twice, this far apart.
        IMPATIENT_PRODUCT: {"SETTLE_MINUTES": "0.05", "VENDOR_TIMEOUT_SECONDS": "1.5"},
    }
    overrides[LATER_PRODUCT] = {
        **sandbox.vendor.variables_for_later_ends(),
        "CANCELLATION_DATE": "end_of_term",
        "WHEN_EFFECTIVE_LATER": "schedule",
    }
    for version, product_id in ZUORA_PRODUCTS.items():
        of_zuora = sandbox.zuora.variables(version)
        overrides[product_id] = {name: of_zuora[name] for name in ("VENDOR", "ZUORA_SOAP_URL")}
        # Anyone can read the overrides in the portal; secrets have their own variables.
        for name in ("ZUORA_USERNAME", "ZUORA_PASSWORD"):
            sandbox.connect.set_variable(name, of_zuora[name], name == "ZUORA_PASSWORD")
    of_orders = sandbox.zuora_orders.variables()
    secret = of_orders.pop("ZUORA_CLIENT_SECRET")
    sandbox.connect.set_variable("ZUORA_CLIENT_SECRET", secret, True)
    overrides[ORDERS_PRODUCT] = of_orders
    for product_id in overrides:
        sandbox.connect.create_product(product_id=product_id)
    sandbox.connect.set_variable("PRODUCT_OVERRIDES", json.dumps(overrides))


def _plain(**fields: object) -> Arrange:
    return lambda sandbox: sandbox.new_subscription(**fields)  # type: ignore[arg-type]


def _with_parameter(parameter: Parameter) -> Arrange:
    return lambda sandbox: sandbox.connect.create_subscription(parameters=[parameter])


def _unknown(sandbox: Sandbox) -> str:
    create = sandbox.connect.create_subscription
    return create("SUB-NOBODY-KNOWS", product_id=IMPATIENT_PRODUCT)


def _fails_twice(sandbox: Sandbox) -> str:
    asset_id = sandbox.new_subscription("SUB-AFTER-A-FAILURE")
    sandbox.vendor.faults.add("*", "SUB-AFTER-A-FAILURE", Respond(503), times=2)
    return asset_id


def _lost_answer(sandbox: Sandbox) -> str:
    asset_id = sandbox.new_subscription("SUB-LOST-ANSWER")
    sandbox.vendor.faults.add("POST", "SUB-LOST-ANSWER", DropAfter(), times=1)
    return asset_id


def _slow(sandbox: Sandbox, subscription_id: str = "SUB-SLOW") -> str:
    """A vendor that would take a second order without complaint."""
    return sandbox.new_subscription(
        subscription_id, shows_after_seconds=SLOW_SECONDS, second="order", honours_keys=False
    )


def _killed(sandbox: Sandbox) -> str:
    asset_id = _slow(sandbox, "SUB-KILLED")

    async def kill_the_caller() -> None:
        [request] = sandbox.connect.requests.of_asset(asset_id)
        await sandbox.runner_of(request["id"]).kill()

    sandbox.vendor.faults.add("POST", "SUB-KILLED", Kill(kill_the_caller), times=1)
    return asset_id


def _dry(sandbox: Sandbox) -> str:
    subscription = sandbox.vendor.add()
    return sandbox.connect.create_subscription(subscription.id, product_id=DRY_PRODUCT)


def _at_the_end_of_its_term(sandbox: Sandbox) -> str:
    term_ends = sandbox.vendor.clock.today() + timedelta(days=TERM_DAYS)
    subscription = sandbox.vendor.add(term_ends=term_ends.isoformat())
    return sandbox.connect.create_subscription(subscription.id, product_id=LATER_PRODUCT)


def _zuora(version: str, status: str = "Active") -> Arrange:
    def arrange(sandbox: Sandbox) -> str:
        name = sandbox.zuora.add(status=status).name
        return sandbox.connect.create_subscription(name, product_id=ZUORA_PRODUCTS[version])

    return arrange


def _orders(number: str, *, finishes_later: bool = False) -> Arrange:
    def arrange(sandbox: Sandbox) -> str:
        sandbox.zuora_orders.add(number)
        if finishes_later:
            trouble = sandbox.zuora_orders.on("order", number)
            trouble.finishes_later(SLOW_SECONDS, GATEWAY_SECONDS)
        return sandbox.connect.create_subscription(number, product_id=ORDERS_PRODUCT)

    return arrange


FIRST = Story(
    "a preview subscription",
    _plain(),
    End("approved", "succeeded", 1),
    "The vendor showed it as active and cancelled it. The request was approved, so the"
    " subscription is terminated in Connect.",
)

OTHERS = (
    Story(
        "already cancelled there",
        _plain(status="cancelled"),
        End("approved", "succeeded", 0, says="already"),
        "The vendor had cancelled it before. The request was only approved.",
    ),
    Story(
        "a draft at the vendor",
        _plain(status="draft"),
        End("failed", "succeeded", 0, says="draft"),
        "A draft cannot be cancelled. The request was rejected with that reason.",
    ),
    Story(
        "unknown to the vendor",
        _unknown,
        End("pending", "failed", 0, says="does not know"),
        "The vendor was asked twice and did not know the id. ON_NOT_FOUND is hold, so a private"
        " note leaves the request to a person.",
    ),
    Story(
        "the parameter is blank",
        _with_parameter(Parameter("subscription_id", "  ")),
        End("failed", "succeeded", 0, says="subscription_id"),
        "The parameter exists but is blank. The request was rejected, naming the parameter.",
    ),
    Story(
        "the parameter is not there",
        _with_parameter(Parameter("other_parameter", "SUB-1")),
        End("pending", "rescheduled", 0, waits=1),
        "No parameter has that name, most likely because of a typo in a variable. A typo must"
        " never reject a request: it waits.",
    ),
    Story(
        "refused by the vendor",
        _plain(refusal="The minimum term ends on 2027-01-31."),
        End("failed", "succeeded", 0, says="The minimum term ends on 2027-01-31."),
        "The vendor refused for a business reason. The request was rejected with that reason.",
    ),
    Story(
        "the vendor fails twice",
        _fails_twice,
        End("approved", "succeeded", 1, waits=2),
        "The vendor answered HTTP 503 twice. The request waited twice, then was cancelled once.",
    ),
    Story(
        "the vendor's answer is lost",
        _lost_answer,
        End("approved", "succeeded", 1),
        "The connection broke after the vendor had cancelled. The extension looked at the"
        " subscription instead of sending the cancellation again.",
    ),
    Story(
        "the vendor needs minutes",
        _slow,
        End("approved", "succeeded", 1, waits=3),
        "The vendor accepted the cancellation, then showed the subscription as active for minutes"
        " of the demo's time. The request waited; nothing was sent again.",
    ),
    Story(
        "at the end of its term",
        _at_the_end_of_its_term,
        End("approved", "succeeded", 1, by_way_of=("scheduled", "pending")),
        "The vendor accepted the cancellation for the end of the term, and the request was"
        " scheduled until then. On that day, which the demo brings forward, it came back and was"
        " approved.",
        turn=Sandbox.day_comes,
    ),
    Story(
        "taken back in time",
        _at_the_end_of_its_term,
        End("revoked", "succeeded", 1, undone=1, by_way_of=("scheduled", "revoking")),
        "Scheduled as well, but the customer changed their mind. The vendor undid the cancellation,"
        " then the revocation was confirmed: the subscription is active on both sides.",
        turn=lambda sandbox, request_id: sandbox.connect.revoke(request_id),
    ),
    Story(
        "a dry run",
        _dry,
        End("pending", "skipped", 0, says="Dry run"),
        "Its product has DRY_RUN: nothing was changed, and a private note says what would have"
        " happened.",
    ),
    Story(
        "Zuora 19.0",
        _zuora("19.0"),
        End("approved", "succeeded", 1, says="It ends at the vendor on"),
        "A draft amendment was created, then completed. This version needs a future date.",
    ),
    Story(
        "Zuora 27.0",
        _zuora("27.0"),
        End("approved", "succeeded", 1),
        "One create() did it in a single transaction. Then Zuora was asked whether the"
        " subscription is cancelled.",
    ),
    Story(
        "Zuora 78.0",
        _zuora("78.0"),
        End("approved", "succeeded", 1, says="review"),
        "The amendment was previewed, then made. A private note shows the preview's amounts.",
    ),
    Story(
        "Zuora, a draft subscription",
        _zuora("78.0", status="Draft"),
        End("failed", "succeeded", 0, says="draft"),
        "Zuora cannot cancel a draft. The request was rejected with that reason.",
    ),
    Story(
        "Zuora orders",
        _orders("A-S10000001"),
        End("approved", "succeeded", 1, says="would credit 59.00 USD"),
        "A tenant without amendments: an order was previewed, then made. A private note shows the"
        " preview's amounts.",
    ),
    Story(
        "Zuora orders, done later",
        _orders("A-S10000002", finishes_later=True),
        End("approved", "succeeded", 1, waits=1),
        "Zuora's gateway gave up, and Zuora carried the order out minutes later. The request"
        " waited, then found the subscription cancelled; no second order was made.",
    ),
)

# It kills a runner, so it is played after all others.
LAST = Story(
    "two instances, one killed",
    _killed,
    End("approved", "succeeded", 1, waits=1, instances=2),
    "One instance sent the cancellation to a slow vendor and was killed. The other found its note,"
    " waited for the vendor to show the result, and sent nothing.",
)
