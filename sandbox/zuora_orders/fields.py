"""The fields allowed in bodies and queries, as in the official description of 2026-05-01."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A field; `fields` are those of an object, or of each object in an array.

    `opaque`: the sandbox refuses it, because a cancellation has no use for it.
    """

    name: str
    kind: str = "string"
    required: bool = False
    enum: tuple[str, ...] = ()
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    fields: tuple[Field, ...] | None = None
    item: str = "object"
    opaque: bool = False


def _opaque(kind: str, *names: str) -> tuple[Field, ...]:
    return tuple(Field(name, kind, opaque=True) for name in names)


def _dates(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "date") for name in names)


def _booleans(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "boolean") for name in names)


ACTION_TYPES = (
    "CreateSubscription",
    "TermsAndConditions",
    "AddProduct",
    "UpdateProduct",
    "RemoveProduct",
    "RenewSubscription",
    "CancelSubscription",
    "OwnerTransfer",
    "Suspend",
    "Resume",
    "ChangePlan",
)
POLICIES = ("EndOfCurrentTerm", "EndOfLastInvoicePeriod", "SpecificDate")
# Tenants define their custom fields; this one has none.
CUSTOM_FIELDS = Field("customFields", "object", fields=())

TRIGGER_DATE = (
    Field("name", enum=("ContractEffective", "ServiceActivation", "CustomerAcceptance")),
    Field("triggerDate", "date"),
)
CANCEL_SUBSCRIPTION = (
    Field("cancellationEffectiveDate", "date"),
    Field("cancellationPolicy", required=True, enum=POLICIES),
)


def _action(reason_length: int | None) -> tuple[Field, ...]:
    return (
        Field("type", required=True, enum=ACTION_TYPES),
        Field("cancelSubscription", "object", fields=CANCEL_SUBSCRIPTION),
        Field("changeReason", max_length=reason_length),
        CUSTOM_FIELDS,
        Field("triggerDates", "array", fields=TRIGGER_DATE),
        *_opaque("object", "addProduct", "changePlan", "createSubscription", "ownerTransfer"),
        *_opaque("object", "removeProduct", "renewSubscription", "resume", "suspend"),
        *_opaque("object", "termsAndConditions", "updateProduct"),
    )


ORDER_ACTION = _action(255)
PREVIEW_ACTION = _action(None)


def _subscription(action: tuple[Field, ...]) -> tuple[Field, ...]:
    return (
        CUSTOM_FIELDS,
        Field("notes", max_length=1000),
        Field("orderActions", "array", fields=action),
        *_opaque("object", "quote", "ramp"),
        Field("subscriptionNumber"),
    )


def _common(action: tuple[Field, ...]) -> tuple[Field, ...]:
    return (
        Field("category", enum=("NewSales", "Return")),
        CUSTOM_FIELDS,
        Field("description", max_length=500),
        Field("existingAccountId"),
        Field("existingAccountNumber", max_length=70),
        Field("orderDate", "date", required=True),
        *_opaque("array", "orderLineItems"),
        Field("orderNumber", max_length=100),
        Field("reasonCode", max_length=255),
        Field("subscriptions", "array", fields=_subscription(action)),
    )


CHARGE_TYPES = Field(
    "chargeTypeToExclude", "array", enum=("OneTime", "Recurring", "Usage"), item="string"
)
BILLING_OPTIONS = (
    CHARGE_TYPES,
    Field("creditMemoReasonCode"),
    *_dates("documentDate", "targetDate"),
    *_booleans("generateDraftInvoice"),
)
PROCESSING_OPTIONS = (
    Field("applicationOrder", "array", item="string"),
    *_booleans("allowPaymentFailure", "applyCredit", "applyCreditBalance", "collectPayment"),
    *_booleans("refund", "runBilling", "writeOff"),
    Field("billingOptions", "object", fields=BILLING_OPTIONS),
    *_opaque("object", "electronicPaymentOptions", "writeOffBehavior"),
    Field("refundAmount", "number"),
    Field("refundReasonCode"),
)
SCHEDULING_OPTIONS = (
    Field("scheduledDate", "date"),
    Field("scheduledDatePolicy", enum=("SpecificDate",)),
)
ORDER_STATUSES = ("Draft", "Pending", "Completed", "Scheduled", "Executing", "Failed")
ORDER = (
    *_common(ORDER_ACTION),
    *_opaque("array", "commitments"),
    *_opaque("object", "newAccount"),
    Field("processingOptions", "object", fields=PROCESSING_OPTIONS),
    Field("schedulingOptions", "object", fields=SCHEDULING_OPTIONS),
    Field("status", enum=ORDER_STATUSES),
)

PREVIEW_TYPES = (
    "ChargeMetrics",
    "BillingDocs",
    "OrderDeltaMetrics",
    "OrderMetrics",
    "RampMetrics",
    "RampDeltaMetrics",
)
PREVIEW_OPTIONS = (
    CHARGE_TYPES,
    *_dates("documentDate", "specificPreviewThruDate"),
    Field("previewNumberOfPeriods", "integer", minimum=1),
    Field("previewThruType", enum=("SpecificDate", "TermEnd", "NumberOfPeriods")),
    Field("previewTypes", "array", enum=PREVIEW_TYPES, item="string"),
    *_booleans("skipTax", "validateScheduledOrders"),
)
PREVIEW = (
    *_common(PREVIEW_ACTION),
    *_opaque("object", "previewAccountInfo"),
    Field("previewOptions", "object", required=True, fields=PREVIEW_OPTIONS),
)

ORDER_FILTERS = (
    "all",
    "cancelled",
    "completed",
    "draft",
    "executing",
    "failed",
    "pending",
    "scheduled",
)
# The values of fields with a closed list come from Zuora's reference.
QUERIES: dict[str, tuple[Field, ...]] = {
    "order": _booleans("returnIds"),
    "preview": _booleans("summarizeInvoiceItem"),
    "order by number": _booleans("getAccountDetails"),
    "delete order": (),
    "orders": (
        Field("page", "integer", minimum=1),
        Field("pageSize", "integer", minimum=1, maximum=40),
        Field("dateFilterOption"),
        *_dates("startDate", "endDate"),
        Field("status", enum=ORDER_FILTERS),
    ),
    "subscription": (
        *(Field(name) for name in ("charge-detail", "as-of-date", "asOfDay")),
        *_booleans("exclude-rate-plans-with-no-charges", "getDetailedMetrics"),
        *_booleans("getInvoiceOwnerDetails", "getSubscriptionOwnerDetails"),
    ),
}
