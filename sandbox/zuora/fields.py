"""The local Zuora's schema in each version, as tables.

Every type is a sequence: its elements come in the order of its table. A table covers all versions;
each field names the versions that have it. Fields of optional features (credit balance, invoice
owner, suspension) are left out: this tenant has none of these features.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

API = "http://api.zuora.com/"
OBJECT = "http://object.api.zuora.com/"
FAULT = "http://fault.api.zuora.com/"

OLDEST, NEWEST = 19.0, 153.0
# The last version in which objects have xs:dateTime dates; later versions use xs:date.
LAST_WITH_TIMES = 68.0
FIRST_AMEND = 28.0
# The last version in which a cancellation takes two calls and needs future dates.
LAST_TWO_STEP = 24.0

ALWAYS = 0.0
NO_END = float("inf")

# Older versions send UNKNOWN_ERROR instead.
CODES_SINCE = {
    "PDF_QUERY_ERROR": 45.0,
    "REQUEST_EXCEEDED_LIMIT": 51.0,
    "LOCK_COMPETITION": 60.0,
    "REQUEST_EXCEEDED_RATE": 61.0,
    "REQUEST_REJECTED": 61.0,
    "TEMPORARY_ERROR": 61.0,
    "TRANSACTION_TERMINATED": 61.0,
    "TRANSACTION_TIMEOUT": 61.0,
}


@dataclass(frozen=True)
class Field:
    """An element of a sequence; `kind` is a simple type, a type of `TYPES`, `day` (a date; up
    to 68 with a time), `object` (xsi:type names its type) or `anything`."""

    name: str
    kind: str = "string"
    since: float = ALWAYS
    until: float = NO_END
    many: bool = False
    required: bool = False
    nillable: bool = True

    @cached_property
    def attribute(self) -> str:
        """The name of the field in Python."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.name).lower()

    def exists(self, version: float) -> bool:
        """Whether the version has the field."""
        return self.since <= version <= self.until


@dataclass(frozen=True)
class Type:
    """A sequence of elements of one namespace."""

    namespace: str
    fields: tuple[Field, ...]

    def at(self, version: float) -> tuple[Field, ...]:
        """The fields that a version has."""
        return tuple(field for field in self.fields if field.exists(version))


_OBJECT_FIELDS = (Field("fieldsToNull", many=True), Field("Id", "ID"))

AMENDMENT = Type(
    OBJECT,
    (
        *_OBJECT_FIELDS,
        Field("AutoRenew", "boolean", since=25),
        Field("BookingDate", "day", since=118),
        Field("Code"),
        Field("ContractEffectiveDate", "day"),
        Field("CreatedById", "ID", since=25),
        Field("CreatedDate", "dateTime", since=25),
        Field("CurrentTerm", "long", since=73),
        Field("CurrentTermPeriodType", since=73),
        Field("CustomerAcceptanceDate", "day"),
        Field("Description"),
        Field("EffectiveDate", "day"),
        Field("InitialTerm", "long", until=72),
        Field("Name"),
        Field("RatePlanData", "anything", since=25),
        Field("RenewalSetting", since=69),
        Field("RenewalTerm", "long"),
        Field("RenewalTermPeriodType", since=73),
        Field("ServiceActivationDate", "day"),
        Field("SpecificUpdateDate", "day", since=71),
        Field("Status"),
        Field("SubscriptionId", "ID"),
        Field("TermStartDate", "day"),
        Field("TermType", since=25),
        Field("Type"),
        Field("UpdatedById", "ID", since=25),
        Field("UpdatedDate", "dateTime", since=25),
    ),
)

SUBSCRIPTION = Type(
    OBJECT,
    (
        *_OBJECT_FIELDS,
        Field("AccountId", "ID"),
        Field("AutoRenew", "boolean"),
        Field("CancelledDate", "day"),
        Field("ContractAcceptanceDate", "day"),
        Field("ContractEffectiveDate", "day"),
        Field("CreatedById", "ID", since=25),
        Field("CreatedDate", "dateTime", since=25),
        Field("CurrentTerm", "int", since=73),
        Field("CurrentTermPeriodType", since=73),
        Field("InitialTerm", "int"),
        Field("InitialTermPeriodType", since=73),
        Field("IsLatestVersion", "boolean", since=124),
        Field("Name"),
        Field("Notes"),
        Field("OriginalCreatedDate", "dateTime", since=20),
        Field("OriginalId", "ID", since=20),
        Field("OriginalSubscriptionId", until=19),
        Field("PreviousSubscriptionId", until=19),
        Field("PreviousSubscriptionId", "ID", since=20),
        Field("RenewalSetting", since=69),
        Field("RenewalTerm", "int"),
        Field("RenewalTermPeriodType", since=73),
        Field("ServiceActivationDate", "day"),
        Field("Status"),
        Field("SubscriptionEndDate", "day"),
        Field("SubscriptionStartDate", "day"),
        Field("TermEndDate", "day"),
        Field("TermStartDate", "day"),
        Field("TermType", since=25),
        Field("UpdatedById", "ID", since=25),
        Field("UpdatedDate", "dateTime", since=25),
        Field("Version", "int"),
        Field("VersionCreatedDate", "dateTime", until=19),
    ),
)

ACCOUNT = Type(
    OBJECT,
    (
        *_OBJECT_FIELDS,
        Field("AccountNumber"),
        Field("Currency"),
        Field("Name"),
        Field("Status"),
    ),
)

RATE_PLAN = Type(
    OBJECT,
    (
        *_OBJECT_FIELDS,
        Field("CreatedDate", "dateTime", since=25),
        Field("Name"),
        Field("SubscriptionId", "ID"),
    ),
)

RATE_PLAN_CHARGE = Type(
    OBJECT,
    (
        *_OBJECT_FIELDS,
        Field("ChargedThroughDate", "day", since=25),
        Field("ChargeModel"),
        Field("ChargeNumber"),
        Field("ChargeType"),
        Field("CreatedDate", "dateTime", since=25),
        Field("EffectiveEndDate", "day", since=25),
        Field("EffectiveStartDate", "day", since=25),
        Field("IsLastSegment", "boolean", since=25),
        Field("Name"),
        Field("ProcessedThroughDate", "day", since=25),
        Field("RatePlanId", "ID"),
        Field("Segment", "int", since=25),
        Field("Version", "long", since=25),
    ),
)

# Calls may send these; queries may also ask for all others.
OBJECTS = {"Amendment": AMENDMENT, "Subscription": SUBSCRIPTION}
QUERIED = {
    **OBJECTS,
    "Account": ACCOUNT,
    "RatePlan": RATE_PLAN,
    "RatePlanCharge": RATE_PLAN_CHARGE,
}

TYPES = {
    **OBJECTS,
    "InvoiceProcessingOptions": Type(
        API, (Field("InvoiceDate", "day", since=51), Field("InvoiceTargetDate", "day"))
    ),
    "ElectronicPaymentOptions": Type(API, (Field("PaymentMethodId", "ID"),)),
    "ExternalPaymentOptions": Type(
        API,
        (
            Field("Amount", "decimal"),
            Field("EffectiveDate", "day"),
            Field("GatewayOrderId"),
            Field("PaymentMethodId", "ID"),
            Field("ReferenceId"),
        ),
    ),
    "AmendOptions": Type(
        API,
        (
            Field("ElectronicPaymentOptions", "ElectronicPaymentOptions", since=72),
            Field("ExternalPaymentOptions", "ExternalPaymentOptions", since=42),
            Field("GenerateInvoice", "boolean", since=30),
            Field("InvoiceProcessingOptions", "InvoiceProcessingOptions"),
            Field("ProcessPayments", "boolean", since=30),
        ),
    ),
    "PreviewOptions": Type(
        API,
        (
            Field("EnablePreviewMode", "boolean"),
            Field("NumberOfPeriods", "int"),
            Field("PreviewThroughTermEnd", "boolean", since=51),
            Field("PreviewType", since=69),
            Field("IncludeExistingDraftInvoiceItems", "boolean", since=72),
        ),
    ),
    "AmendRequest": Type(
        API,
        (
            Field("Amendments", "Amendment", many=True),
            Field("AmendOptions", "AmendOptions"),
            Field("PreviewOptions", "PreviewOptions"),
        ),
    ),
}

_OBJECTS_PARAMETER = Type(API, (Field("zObjects", "object", many=True, nillable=False),))

# The supported operations, each with the fields of its body.
OPERATIONS = {
    "login": Type(API, (Field("username", nillable=False), Field("password", nillable=False))),
    "query": Type(API, (Field("queryString", required=True, nillable=False),)),
    "create": _OBJECTS_PARAMETER,
    "update": _OBJECTS_PARAMETER,
    "delete": Type(
        API,
        (
            Field("type", required=True, nillable=False),
            Field("ids", "ID", many=True, nillable=False),
        ),
    ),
    "amend": Type(API, (Field("requests", "AmendRequest", many=True, nillable=False),)),
}
OPERATIONS_SINCE = {"amend": FIRST_AMEND}

HEADERS = {
    "SessionHeader": Type(API, (Field("session", required=True, nillable=False),)),
    "CallOptions": Type(API, (Field("useSingleTransaction", "boolean"),)),
    "QueryOptions": Type(
        API,
        (
            Field("batchSize", "int", nillable=False),
            Field("caseSensitive", "boolean", nillable=False),
        ),
    ),
}
HEADERS_SINCE = {"CallOptions": 25.0}
HEADERS_OF = {
    "login": frozenset[str](),
    "query": frozenset(("SessionHeader", "QueryOptions")),
    "create": frozenset(("SessionHeader", "CallOptions")),
    "update": frozenset(("SessionHeader",)),
    "delete": frozenset(("SessionHeader",)),
    "amend": frozenset(("SessionHeader",)),
}


def code_at(version: float, code: str) -> str:
    """The code as this version sends it."""
    return code if version >= CODES_SINCE.get(code, ALWAYS) else "UNKNOWN_ERROR"
