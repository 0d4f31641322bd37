import dataclasses
import json
import re
import string
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connect_ext.cause import Cause
from connect_ext.errors import NotConfigured
from connect_ext.portal.secret import Secret
from connect_ext.portal.settings import (
    COMMON_VARIABLES,
    CancellationDate,
    Notes,
    OnNoTermEnd,
    OnNotFound,
    OnRefusal,
    declared_variables,
    initial_variables,
    read_configuration,
)
from connect_ext.vendors.rest.credentials import AuthKind
from connect_ext.vendors.rest.templates import PLACEHOLDERS
from tests.unit.builders import (
    ORDERS_VARIABLES,
    OWN_VENDORS,
    REST_KEY,
    REST_VARIABLES,
    ZUORA_PASSWORD,
    ZUORA_VARIABLES,
    configuration,
    odd_texts,
    settings,
)

# jmespath reports it for `word` in an expression.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated string literal")

TOKEN_CHARACTERS = string.ascii_letters + string.digits + string.punctuation
PRODUCT, OTHER_PRODUCT = "PRD-411-678-887", "PRD-411-678-888"
VARIABLES = declared_variables(OWN_VENDORS)
BY_NAME = {variable.name: variable for variable in VARIABLES}
OAUTH = {
    "REST_AUTH": "oauth2",
    "REST_OAUTH_TOKEN_URL": "https://vendor.example/token",
    "REST_OAUTH_CLIENT_ID": "the-client",
    "REST_OAUTH_CLIENT_SECRET": "0auth-s3cret",
}


def read(variables: dict[str, str]):
    return read_configuration(variables, OWN_VENDORS)


def rest(**variables: str):
    return settings(**variables).vendor.own


def message(variables: dict[str, str]) -> str:
    with pytest.raises(NotConfigured) as caught:
        read(variables)
    assert caught.value.cause is Cause.VARIABLES
    return caught.value.message


def mistake(**variables: str) -> str:
    """The line about the only mistake in a REST vendor's variables."""
    head, line = message({**REST_VARIABLES, **variables}).split("\n")
    assert head.startswith("1 mistake ")
    return line


def overrides(**variables: object) -> str:
    """``PRODUCT_OVERRIDES`` for a single product."""
    return json.dumps({PRODUCT: variables})


class TestDeclaration:
    def test_every_variable_passes_the_official_rules(self):
        for variable in initial_variables(OWN_VENDORS):
            assert set(variable) == {"name", "initial_value", "secure"}
            assert re.fullmatch(r"[A-Za-z][\w]+", variable["name"])
            assert len(variable["name"]) <= 256
            assert isinstance(variable["initial_value"], str)
            assert isinstance(variable["secure"], bool)

    def test_every_name_is_declared_once_and_the_common_ones_come_first(self):
        assert len(BY_NAME) == len(VARIABLES)
        assert list(BY_NAME)[: len(COMMON_VARIABLES)] == [v.name for v in COMMON_VARIABLES]

    def test_secrets_are_secure_and_nothing_else_is(self):
        secure = {variable.name for variable in VARIABLES if variable.secure}
        assert secure == {
            "REST_API_KEY",
            "REST_OAUTH_CLIENT_SECRET",
            "REST_SECRET_HEADERS",
            "ZUORA_CLIENT_SECRET",
            "ZUORA_PASSWORD",
        }
        assert {BY_NAME[name].initial_value for name in secure} <= {"", "changeme", "{}"}


INITIAL = {variable.name: variable.initial_value for variable in VARIABLES}


class TestInitialValues:
    def test_they_are_valid_except_those_that_must_be_filled_in(self):
        lines = message(INITIAL).split("\n")[1:]
        assert [line.split()[0] for line in lines] == ["REST_API_KEY", "REST_API_URL"]
        assert read({**INITIAL, **REST_VARIABLES}).default == settings()

    def test_an_absent_variable_counts_as_its_initial_value(self):
        for name, value in INITIAL.items():
            if name not in REST_VARIABLES:
                assert settings(**{name: value}) == settings()

    def test_the_initial_values_are_cautious(self):
        policy, initial = settings().policy, settings()
        assert policy.on_refusal is OnRefusal.REJECT
        assert policy.on_not_found is OnNotFound.HOLD
        assert initial.notes is Notes.PRIVATE
        assert initial.settle_seconds == 3600
        assert policy.cancellation_date is CancellationDate.IMMEDIATE
        assert policy.on_no_term_end is OnNoTermEnd.HOLD
        assert (policy.schedules, initial.amounts_in_messages) == (False, False)
        assert (initial.vendor.own.repeatable, initial.vendor.own.busy_when) == (False, "")

    def test_zuora_needs_none_of_the_rest_variables(self):
        assert read(ZUORA_VARIABLES).default.vendor.name == "zuora-soap"


@pytest.mark.parametrize(("minutes", "seconds"), [("0.05", 3), ("1.5", 90), ("10080", 604800)])
def test_the_time_to_settle_is_given_in_minutes(minutes, seconds):
    assert settings(SETTLE_MINUTES=minutes).settle_seconds == seconds


@pytest.mark.parametrize("blank", ["", "  ", "changeme", "ChangeMe", "<your key>", "\t\n"])
@pytest.mark.parametrize("name", ["REST_API_URL", "REST_API_KEY", "SUBSCRIPTION_ID_PARAMETER"])
def test_a_placeholder_counts_as_missing(name, blank):
    assert mistake(**{name: blank}).startswith(f"  {name} got ")


MISTAKES_OF = {
    "VENDOR": ["soap", ""],
    "SUBSCRIPTION_ID_PARAMETER": [
        REST_KEY, "", "Subscription ID", "subscription_id\nsubscription_id", "k\u00fcrzel",
        "x" * 129, "user:p4ssword", "sk_live_51HxyzABCdefGHIjklMNOpqrs",
    ],
    "SUBSCRIPTION_ID_PATTERN": [
        "", "[", "(a+)+", "(a|a)*", "(a|b)+", "(a?){25}", "a*a*a*a*b", ".*.*.*.*", "a?" * 30,
        "(?=a)b", "(a)\\1", "(?P<x>a)", "a" * 501, "((ab?)c)+", "a**", "(a{2,9}){3}",
    ],
    "APPROVAL_TEMPLATE_ID": ["Default Activation Template", "TL-"],
    "ON_REFUSAL": ["rejekt"],
    "ON_NOT_FOUND": ["ignore"],
    "CANCELLATION_DATE": ["", "end-of-term", "2026-03-31", "Immediate end_of_term"],
    "WHEN_EFFECTIVE_LATER": ["", "scheduled"],
    "ON_NO_TERM_END": ["", "approve"],
    "DRY_RUN": ["yes", ""],
    "NOTES": ["public"],
    "AMOUNTS_IN_MESSAGES": ["partners", ""],
    "ESCALATE_AFTER_HOURS": ["0", "a day"],
    "VENDOR_TIMEOUT_SECONDS": ["0", "101", "-1", "nan", "1e1", "٣٠"],
    "VENDOR_MAX_CONCURRENCY": ["1.5", "0", "501"],
    "METRICS_FORMAT": ["", "xml"],
    "PRODUCT_OVERRIDES": [
        "[]", "{", '{"PRD-1": "rest"}', '{"411-678-887": {}}', '{"PRD-1\\n": {}}',
        '{"PRD-1": {"VENDDOR": "rest"}}', '{"PRD-1": {"VENDOR_TIMEOUT_SECONDS": Infinity}}',
        '{"PRD-1": {"PRODUCT_OVERRIDES": "{}"}}',
    ],
    "REST_API_URL": [
        "vendor.example", "http://vendor.example", "ftp://vendor.example", "https://",
        "https://user:password@vendor.example", "https://vendor.example/?key=1",
        "https://vendor.example?", "https://vendor.example/#top", "https://vendor.example#",
        "https://vendor.example:port", "https://vendor.example/a b", "https://[::1",
    ],
    "REST_AUTH": ["digest", "header", "header:", "bearer:key", "header:X Api Key", "header:Host",
                  "header:Connection", "header:Idempotency-Key"],
    "REST_API_KEY": ["k\u00e9y", "one\r\nX-Evil: two"],
    "REST_STATUS_REQUEST": [
        "/subscriptions/{subscription_id}", "GET subscriptions/{subscription_id}",
        "GET //evil.example/{subscription_id}", "GET /subscriptions/{subscription_id}#top",
        "GET /subscriptions", "GET /subscriptions/{subscription_id}/{customer}",
        "GET /subscriptions/{subscription_id}/{customer", "GET /subscriptions/{{subscription_id}}",
        "DELETE /subscriptions/{subscription_id}", "put /subscriptions/{subscription_id}",
        "POST /subscriptions/{subscription_id}/cancel", "GET /subscriptions/{subscription_id}/..",
        "post  /subscriptions/{subscription_id}/cancel", "HEAD /subscriptions/{subscription_id}",
    ],
    "REST_STATUS_PATH": ["", "data[", "(" * 9000, f"data[{'9' * 9000}]"],
    "REST_REASON_PATH": ["error."],
    "REST_END_DATE_PATH": ["ends at"],
    "REST_ACTIVE_VALUES": [""],
    "REST_CANCELLED_VALUES": [" , "],
    "REST_REPEATABLE": ["1"],
    "REST_CANCEL_REQUEST": [
        "", "POST /cancel", "DELETE /s/{subscription_id}/..", "DELETE /s/{subscription_id}/../?a",
        "DELETE /a/./{subscription_id}",
    ],
    "REST_CANCEL_BODY": [
        "[]", "{", "[" * 200_000, '{"id": "{subscription}"}',
        '{"id": "\\u007bsubscription\\u007d"}', '{"id": "{k\u00fcrzel}"}',
        '{"id": "{subscription-id}"}', '{"id": "{subscription_id"}',
        '{"id": ["x", {"y": "subscription_id}"}]}', '{"id": "{{subscription_id}}"}',
        '{"id": "{{asset_id}subscription_id}"}', '{"amount": NaN}', '{"amount": -Infinity}',
        '{"amount": 1e999}',
    ],
    "REST_BODY_FORMAT": ["xml"],
    "REST_HEADERS": [
        "[]", '{"X-Version": 1}', '{"X Version": "1"}', '{"X-Version": "1\\r\\nX-Evil: 2"}',
        '{"X-Version": "\u00fc"}', '{"idempotency-KEY": "1"}', '{"Host": "evil.example"}',
        '{"Accept-Encoding": "gzip"}', '{"Authorization": "Bearer another"}',
        '{"Transfer-Encoding": "chunked"}', '{"Proxy-Connection": "close"}',
        '{"X-Tenant": "1", "x-tenant": "2"}',
    ],
    "SETTLE_MINUTES": ["0.04", "10081", "an hour"],
    "VENDOR_TIME_ZONE": ["Mars", "America", "../../etc/passwd", "/etc/passwd"],
    "REST_ID_PATH": ["id =="],
    "REST_TERM_END_PATH": ["term end"],
    "REST_CHARGED_THROUGH_PATH": ["charged["],
    "REST_UNDO_REQUEST": [
        "POST /subscriptions/{subscription_id}/cancel", "GET /subscriptions/{subscription_id}",
        "/undo/{subscription_id}", "POST /undo/{subscription_id}/..",
        "POST /{subscription_id}/{customer}",
        "POST /undo",
    ],
    "REST_UNDO_BODY": ["[]", "{", '{"id": "{subscription}"}', '{"id": 1e999}'],
    "REST_SECRET_HEADERS": [
        "[]", '{"X-Key": 1}', '{"Host": "x"}', '{"X Key": "1"}', '{"X-Key": "a\\nb"}',
    ],
    "REST_BUSY_WHEN": ["error ="],
    "REST_CANCELLING_VALUES": ["ending, Active"],
    "REST_DRAFT_VALUES": ["draft, Trialing"],
    "REST_IDEMPOTENCY_HEADER": [
        "Idempotency-Key", "{request_id}", "Host: {request_id}", "X-Key: once",
        "X-Key: {request-id}", "X-Key: {request_id} {effective_date}", "X Key: {request_id}",
        "X-Key: {request_id} {parameter:customer}", "X-Key: {request_id}\u00fc",
        "Authorization: {request_id}", "accept: {request_id}", "Content-Type: {request_id}",
    ],
    "REST_LOOKED_UP": [
        "[]", "{", '{"etag": 1}', '{"etag": ""}', '{"etag": "a["}', '{"two words": "a"}',
        '{"request_id": "a"}', '{"parameter:x": "a"}', '{"v1.2": "a"}',
        json.dumps({f"name_{number}": "a" for number in range(21)}),
    ],
}  # fmt: skip
MISTAKES = [(name, value) for name, values in MISTAKES_OF.items() for value in values]


def says_what_it_takes(line: str, name: str) -> bool:
    return line.startswith(f"  {name} ") and line.endswith(f"; it takes {BY_NAME[name].takes}.")


@pytest.mark.parametrize(("name", "value"), MISTAKES, ids=[f"{n}={v:.30}" for n, v in MISTAKES])
def test_a_single_mistake_names_its_variable_and_the_allowed_values(name, value):
    line = mistake(**{name: value})
    assert says_what_it_takes(line, name)
    assert line.isprintable()
    assert len(line) < 300


ZUORA_MISTAKES = [
    ("ZUORA_SOAP_URL", "https://zuora.example/apps/services/a"),
    ("ZUORA_SOAP_URL", "http://zuora.example/apps/services/a/91.0"),
    ("ZUORA_USERNAME", ""), ("ZUORA_PASSWORD", "changeme"), ("ZUORA_GENERATE_INVOICE", "no"),
    ("ZUORA_PROCESS_PAYMENTS", "0"), ("ZUORA_PREVIEW", ""),
]  # fmt: skip
ORDERS_MISTAKES = [
    ("ZUORA_API_URL", ""), ("ZUORA_API_URL", "http://rest.zuora.example"),
    ("ZUORA_API_URL", "https://rest.zuora.example/v1"),
    ("ZUORA_CLIENT_ID", "<client>"), ("ZUORA_CLIENT_SECRET", "changeme"),
    ("ZUORA_ENTITY_ID", "one two"), ("ZUORA_ENTITY_ID", "a,b"), ("ZUORA_ORG_IDS", "a,,b"),
    ("ZUORA_ORG_IDS", "a\nb"), ("ZUORA_PROCESS_PAYMENTS", "true"), ("ZUORA_PREVIEW", "maybe"),
    ("ZUORA_GENERATE_INVOICE", "no"), ("VENDOR_TIME_ZONE", "Pacific"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "name", "value"),
    [
        *((ZUORA_VARIABLES, *each) for each in ZUORA_MISTAKES),
        *((ORDERS_VARIABLES, *each) for each in ORDERS_MISTAKES),
    ],
)
def test_a_mistake_for_zuora_names_its_variable_and_the_allowed_values(variables, name, value):
    head, line = message({**variables, name: value}).split("\n")
    assert head.startswith("1 mistake ")
    assert says_what_it_takes(line, name)


@pytest.mark.parametrize(
    ("variables", "initial"),
    [(REST_VARIABLES, "UTC"), (ZUORA_VARIABLES, "UTC"), (ORDERS_VARIABLES, "America/Los_Angeles")],
)
def test_the_time_zone_is_the_vendors_initial_one_or_the_named_one(variables, initial):
    assert read(variables).default.vendor.own.time_zone == initial
    named = read({**variables, "VENDOR_TIME_ZONE": "Asia/Tokyo"})
    assert named.default.vendor.own.time_zone == "Asia/Tokyo"


def test_ids_of_organizations_are_sent_without_the_blanks_between_them():
    assert read({**ORDERS_VARIABLES, "ZUORA_ORG_IDS": "a , b"}).default.vendor.own.org_ids == "a,b"


def test_zuora_with_orders_has_long_calls_and_continues_by_itself_for_five_minutes():
    vendor = read(ORDERS_VARIABLES).default.vendor
    assert (vendor.call_seconds, vendor.least_to_settle, vendor.leaves_orders) == (130, 300, True)
    vendor = settings(VENDOR_TIMEOUT_SECONDS="7").vendor
    assert (vendor.call_seconds, vendor.least_to_settle, vendor.leaves_orders) == (7, 0, False)


@pytest.mark.parametrize("missing", [name for name in OAUTH if name != "REST_AUTH"])
def test_oauth_needs_its_address_and_both_halves_of_its_credentials(missing):
    assert mistake(**{**OAUTH, missing: ""}).startswith(f"  {missing} got nothing")


@pytest.mark.parametrize("extra", ["[]", '{"audience": 1}', '{"client_id": "another"}'])
def test_a_mistake_in_the_further_fields_of_the_token_request_names_their_variable(extra):
    line = mistake(**OAUTH, REST_OAUTH_EXTRA=extra)
    assert says_what_it_takes(line, "REST_OAUTH_EXTRA")


def test_every_variable_has_its_own_mistake_here():
    tried = {name for name, _ in MISTAKES + ZUORA_MISTAKES + ORDERS_MISTAKES} | set(OAUTH)
    assert tried | {"REST_OAUTH_SCOPE", "REST_OAUTH_EXTRA"} == set(BY_NAME)


def test_one_message_names_all_mistakes_at_once():
    hiding_others = {"VENDOR", "REST_AUTH", "REST_CANCELLING_VALUES", "REST_DRAFT_VALUES"}
    wrong = {name: values[-1] for name, values in MISTAKES_OF.items() if name not in hiding_others}
    head, *lines = message({**REST_VARIABLES, **wrong, "PRODUCT_OVERRIDES": "[]"}).split("\n")
    assert {line.split()[0] for line in lines} == set(wrong)
    assert head == (
        f"{len(lines)} mistakes in the extension's variables; requests wait until this is fixed in"
        " the portal."
    )


def test_a_status_word_in_two_lists_is_a_mistake_that_names_both():
    line = mistake(REST_CANCELLING_VALUES="ending, Trialing")
    assert "REST_CANCELLING_VALUES has a word that is also in REST_ACTIVE_VALUES" in line


SENDS_DATE = {"REST_CANCEL_BODY": '{"at": "{effective_date}"}'}
IN_PATH = {"REST_CANCEL_REQUEST": "DELETE /s/{subscription_id}?at={effective_date}"}
SCHEDULES = {"WHEN_EFFECTIVE_LATER": "schedule", "REST_END_DATE_PATH": "ends_at"}


class TestDatesOfRest:
    @pytest.mark.parametrize("sends_date", [SENDS_DATE, IN_PATH], ids=["body", "path"])
    @pytest.mark.parametrize(
        ("when", "path"),
        [("end_of_term", "REST_TERM_END_PATH"),
         ("end_of_invoiced_period", "REST_CHARGED_THROUGH_PATH")],
    )  # fmt: skip
    def test_a_sent_date_needs_the_path_that_it_is_read_from(self, when, path, sends_date):
        variables = {**sends_date, "CANCELLATION_DATE": when}
        line = mistake(**variables)
        assert line.startswith(f"  {path} is empty, but CANCELLATION_DATE {when} needs it for")
        assert rest(**variables, **{path: "dates.end"}).sends_date
        muted = {**variables, path: "dates.end", "REST_STATUS_REQUEST": ""}
        assert mistake(**muted).startswith("  REST_STATUS_REQUEST is empty, but CANCELLATION_DATE")

    @pytest.mark.parametrize("when", ["end_of_term", "end_of_invoiced_period"])
    def test_a_date_that_is_not_sent_needs_no_path(self, when):
        assert not rest(CANCELLATION_DATE=when).sends_date
        assert rest(CANCELLATION_DATE="immediate", **SENDS_DATE).sends_date

    @pytest.mark.parametrize("missing", ["REST_END_DATE_PATH", "REST_STATUS_REQUEST"])
    def test_nothing_is_scheduled_without_a_date_and_a_vendor_that_can_be_asked(self, missing):
        assert rest(**SCHEDULES).end_date_path == "ends_at"
        line = mistake(**{**SCHEDULES, missing: ""})
        assert line.startswith(f"  {missing} is empty, but WHEN_EFFECTIVE_LATER schedule needs it")

    def test_a_product_that_overrides_one_half_is_told_of_the_other(self):
        line = mistake(PRODUCT_OVERRIDES=overrides(WHEN_EFFECTIVE_LATER="schedule"))
        assert line.startswith("  REST_END_DATE_PATH is empty, but WHEN_EFFECTIVE_LATER schedule")


class TestUndoOfRest:
    UNDO = "POST /subscriptions/{subscription_id}/undo"

    def test_it_has_its_own_request_and_body_or_none(self):
        found = rest(REST_UNDO_REQUEST=self.UNDO, REST_UNDO_BODY='{"why": "{request_id}"}')
        assert found.undo_request.path == "/subscriptions/{subscription_id}/undo"
        assert json.loads(found.undo_request.body) == {"why": "{request_id}"}
        assert rest().undo_request is None

    def test_it_may_go_to_the_address_of_the_cancellation_with_another_body(self):
        same = {"REST_UNDO_REQUEST": "POST /subscriptions/{subscription_id}/cancel"}
        assert "does the same as REST_CANCEL_REQUEST" in mistake(**same)
        assert rest(**same, REST_UNDO_BODY='{"cancel": false}').undo_request
        one, other = '{"a": 1, "b": 2}', '{"b": 2, "a": 1}'
        assert "the same" in mistake(**same, REST_UNDO_BODY=one, REST_CANCEL_BODY=other)

    def test_it_must_not_be_the_question(self):
        line = mistake(REST_UNDO_REQUEST="GET /subscriptions/{subscription_id}")
        assert "is the same as REST_STATUS_REQUEST" in line

    def test_the_id_may_stand_in_its_body(self):
        body = '{"subscription": ["{subscription_id}"]}'
        assert rest(REST_UNDO_REQUEST="POST /undo", REST_UNDO_BODY=body).undo_request


SECRETS = {
    "REST_API_KEY": "sk_live_51Hxyz",
    "REST_OAUTH_CLIENT_SECRET": "0auth-s3cret",
    "ZUORA_PASSWORD": "correct horse",
}


class TestSecretsInMessages:
    @pytest.mark.parametrize("name", BY_NAME)
    @pytest.mark.parametrize("secret", SECRETS.values())
    def test_a_secret_pasted_into_another_variable_is_not_shown(self, name, secret):
        variables = {**SECRETS, name: secret, "NOTES": secret}
        assert secret not in message(variables)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("REST_AUTH", "bearer: sk_live_51Hxyz"), ("DRY_RUN", "true sk_live_51Hxyz"),
         ("VENDOR", "sk_live_51Hxyz"), ("REST_STATUS_PATH", "sk_live_51Hxyz["),
         ("REST_API_URL", "https://user:sk_live_51Hxyz@vendor.example"),
         ("PRODUCT_OVERRIDES", '{"sk_live_51Hxyz": {"sk_live_51Hxyz": "sk_live_51Hxyz"}}'),
         ("PRODUCT_OVERRIDES", '{"PRD-1": {"sk_live_51Hxyz": "sk_live_51Hxyz"}}'),
         ("PRODUCT_OVERRIDES", '{"PRD-1": {"NOTES": "sk_live_51Hxyz"}}'),
         ("REST_HEADERS", '{"X-Key": "sk_live_51Hxyz\\n"}'),
         ("REST_CANCEL_BODY", '{"key": "{sk_live_51Hxyz}"}'),
         ("SUBSCRIPTION_ID_PARAMETER", "sk_live_51HxyzABCdefGHIjklMNOpqrs")],
    )  # fmt: skip
    def test_a_text_that_looks_like_a_token_is_not_shown(self, name, value):
        assert "51Hxyz" not in message({**REST_VARIABLES, name: value, "NOTES": "x"})

    @pytest.mark.parametrize(
        ("name", "value", "shown"),
        [("DRY_RUN", "yes", "got 'yes'"), ("VENDOR_TIMEOUT_SECONDS", "300", "got '300'"),
         ("DRY_RUN", "", "got nothing"), ("REST_API_URL", "<URL>", "got a placeholder"),
         ("REST_AUTH", "digest or other", "got a text of 15 characters"),
         ("REST_STATUS_REQUEST", "Delete /{subscription_id}", "has the method 'Delete'"),
         ("SUBSCRIPTION_ID_PARAMETER", REST_KEY, "got a text of 24 characters")],
    )  # fmt: skip
    def test_a_misspelt_word_or_a_number_is_shown(self, name, value, shown):
        assert shown in mistake(**{name: value})

    @given(
        st.text(st.sampled_from(TOKEN_CHARACTERS), min_size=9).filter(re.compile(r"\d").search),
        st.sampled_from(sorted(BY_NAME)),
        st.sampled_from(sorted(SECRETS)),
    )
    def test_no_secret_is_shown_wherever_it_was_pasted(self, secret, name, secure):
        allowed = " ".join(variable.takes for variable in VARIABLES)
        variables = {secure: secret, name: secret, "NOTES": "wrong"}
        if secret not in allowed:
            assert secret not in message(variables)


class TestProductOverrides:
    def test_they_override_the_portals_variables(self):
        values = overrides(ON_NOT_FOUND="approve", REST_API_KEY="another-k3y")
        product = configuration(PRODUCT_OVERRIDES=values, ON_REFUSAL="hold").for_product(PRODUCT)
        assert product.policy.on_not_found is OnNotFound.APPROVE
        assert product.policy.on_refusal is OnRefusal.HOLD
        assert "another-k3y" in product.secrets

    def test_other_products_keep_the_portals_variables(self):
        found = configuration(PRODUCT_OVERRIDES=overrides(ON_NOT_FOUND="approve"))
        assert found.for_product(OTHER_PRODUCT) is found.default
        assert found.default.policy.on_not_found is OnNotFound.HOLD

    def test_a_product_may_have_another_vendor(self):
        found = configuration(PRODUCT_OVERRIDES=overrides(**ZUORA_VARIABLES))
        assert found.for_product(PRODUCT).vendor.name == "zuora-soap"
        assert found.default.vendor.name == "rest"

    def test_numbers_booleans_and_objects_may_be_given_as_json(self):
        body = {"at": "{effective_date}"}
        values = overrides(VENDOR_TIMEOUT_SECONDS=7, DRY_RUN=True, REST_CANCEL_BODY=body)
        product = configuration(PRODUCT_OVERRIDES=values).overrides[PRODUCT]
        assert (product.dry_run, product.vendor.timeout_seconds) == (True, 7)
        assert json.loads(product.vendor.own.cancel_request.body) == body

    @pytest.mark.parametrize(("value", "shown"), [("loud", "got 'loud'"), (None, "got 'null'")])
    def test_a_mistake_in_one_names_the_product(self, value, shown):
        line = mistake(PRODUCT_OVERRIDES=overrides(NOTES=value))
        assert line.startswith(f"  PRODUCT_OVERRIDES, {PRODUCT}, NOTES {shown}")

    def test_a_mistake_in_the_portal_is_reported_once_not_for_each_product(self):
        values = json.dumps({PRODUCT: {"NOTES": "off"}, OTHER_PRODUCT: {"NOTES": "off"}})
        assert mistake(PRODUCT_OVERRIDES=values, DRY_RUN="x").startswith("  DRY_RUN ")

    def test_a_misspelt_variable_is_named_with_its_product(self):
        line = mistake(PRODUCT_OVERRIDES=overrides(REST_API_URI="x"))
        assert f"sets REST_API_URI for {PRODUCT}" in line

    def test_a_variable_for_all_products_cannot_be_overridden(self):
        line = mistake(PRODUCT_OVERRIDES=overrides(METRICS_FORMAT="json"))
        assert f"sets METRICS_FORMAT for {PRODUCT}, which a product cannot override" in line

    def test_hundreds_are_read_quickly(self):
        values = {f"PRD-{n}": {"REST_API_KEY": f"k3y-of-{n}"} for n in range(500)}
        began = time.process_time()
        assert len(configuration(PRODUCT_OVERRIDES=json.dumps(values)).overrides) == 500
        assert time.process_time() - began < 1


class TestSettings:
    def test_equal_variables_give_equal_settings_with_equal_hashes(self):
        assert settings() == settings(REST_API_KEY=f" {REST_KEY}\n", NOTES=" Private ")
        assert hash(settings()) == hash(settings())
        assert hash(settings().vendor) == hash(settings().vendor)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("REST_API_KEY", "another-k3y"), ("REST_API_URL", "https://another.example"),
         ("VENDOR_TIMEOUT_SECONDS", "5"), ("REST_HEADERS", '{"X-Version": "2"}')],
    )  # fmt: skip
    def test_another_value_gives_another_vendor(self, name, value):
        assert settings(**{name: value}).vendor != settings().vendor

    def test_a_value_that_does_not_concern_the_vendor_makes_no_other_vendor(self):
        others = settings(DRY_RUN="true", NOTES="off", ON_REFUSAL="hold", SETTLE_MINUTES="5")
        assert others.vendor == settings().vendor

    def test_no_settings_can_be_changed(self):
        for frozen in (settings(), settings().vendor, settings().vendor.own):
            with pytest.raises(dataclasses.FrozenInstanceError):
                frozen.name = "another"

    @pytest.mark.parametrize(
        "more", [{}, {"REST_HEADERS": '{"X-Key": "h3ader-s3cret"}'}, OAUTH, ZUORA_VARIABLES]
    )
    def test_no_secret_shows_in_any_of_them(self, more):
        found = read({**REST_VARIABLES, **more})
        secrets = [REST_KEY, ZUORA_PASSWORD, "h3ader-s3cret", "0auth-s3cret"]
        for text in (repr(found), f"{found.default.vendor}", repr(found.default.vendor.own)):
            assert not [secret for secret in secrets if secret in text]

    def test_both_halves_of_basic_credentials_are_secrets(self):
        found = settings(REST_AUTH="basic", REST_API_KEY="the-user:the:pass").secrets
        assert {"the-user:the:pass", "the-user", "the:pass"} <= found

    def test_the_values_of_further_headers_are_secrets(self):
        found = settings(REST_HEADERS='{"X-Key": "h3ader-secret", "X-Auth": "Token s3cond"}')
        assert {"h3ader-secret", "Token s3cond", "s3cond"} <= found.secrets

    def test_a_secret_shows_itself_nowhere(self):
        secret = Secret("t0ken")
        assert "t0ken" not in f"{secret} {secret!r} {secret!s} {[secret]}"
        assert secret.reveal() == "t0ken"
        assert secret == Secret("t0ken")
        assert secret != "t0ken"
        assert not Secret("")


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        ["https://vendor.example", "https://vendor.example:8443/v1", "HTTPS://vendor.example/v1/",
         "http://127.0.0.1:8080", "http://127.9.9.9", "http://localhost:8080/",
         "http://[::1]:8080"],
    )  # fmt: skip
    def test_https_anywhere_and_http_on_loopback_are_accepted(self, url):
        assert rest(REST_API_URL=url).api_url == url.rstrip("/")

    @pytest.mark.parametrize(
        "url",
        ["http://vendor.example", "http://10.0.0.1", "http://0.0.0.0",
         "http://localhost.vendor.example", "http://127.0.0.1.vendor.example",
         "http://127.0.0.1@vendor.example", "http://[::]", "//127.0.0.1", "file:///etc/passwd",
         "javascript://127.0.0.1/", "https://vendor.example\\.evil.example",
         "https://vendor.example%2F.evil.example", "http://[::1%25eth0]", "https://v\u00e9.example"],
    )  # fmt: skip
    def test_any_other_address_is_refused(self, url):
        assert mistake(REST_API_URL=url).startswith("  REST_API_URL ")


class TestRestAuth:
    @pytest.mark.parametrize(
        ("text", "kind", "header"),
        [("bearer", AuthKind.BEARER, ""), (" Bearer ", AuthKind.BEARER, ""),
         ("header:X-Api-Key", AuthKind.HEADER, "X-Api-Key"), ("none", AuthKind.NONE, ""),
         ("Header: X-Api-Key", AuthKind.HEADER, "X-Api-Key")],
    )  # fmt: skip
    def test_it_is_read(self, text, kind, header):
        auth = rest(REST_AUTH=text).auth
        assert (auth.kind, auth.header) == (kind, header)

    def test_basic_needs_a_colon(self):
        assert "user:password" in mistake(REST_AUTH="basic")
        auth = rest(REST_AUTH="basic", REST_API_KEY="user:password").auth
        assert auth.kind is AuthKind.BASIC

    @pytest.mark.parametrize(
        ("auth", "key", "pair"),
        [("basic:x", "the-key", "the-key:x"), ("basic:", "the-key", "the-key:"),
         ("Basic : x", "the-key", "the-key:x"), ("basic:x", "user:password", "user:password"),
         ("basic", "the-key:", "the-key:")],
    )  # fmt: skip
    def test_basic_may_have_a_fixed_password_with_the_key_as_user(self, auth, key, pair):
        found = rest(REST_AUTH=auth, REST_API_KEY=key).auth
        assert (found.kind, found.key.reveal()) == (AuthKind.BASIC, pair)

    @pytest.mark.parametrize("auth", [OAUTH, {"REST_AUTH": "none"}], ids=["oauth2", "none"])
    def test_oauth_and_none_need_no_key(self, auth):
        found = read({"REST_API_URL": "https://v.example", **auth}).default.vendor.own.auth
        assert (found.client_id, bool(found.key)) == (auth.get("REST_OAUTH_CLIENT_ID", ""), False)

    @pytest.mark.parametrize("auth", ["bearer", "basic:x", "header:X-Api-Key", "none"])
    def test_every_kind_works_without_an_idempotency_key(self, auth):
        assert rest(REST_AUTH=auth, REST_IDEMPOTENCY_HEADER="").idempotency_header is None

    def test_further_headers_may_carry_the_credentials_if_auth_is_none(self):
        found = rest(REST_AUTH="none", REST_HEADERS='{"Authorization": "Custom x"}')
        assert found.headers == (("Authorization", "Custom x"),)

    def test_further_headers_must_not_repeat_the_header_of_the_key(self):
        line = mistake(REST_AUTH="header:X-Api-Key", REST_HEADERS='{"x-api-key": "1"}')
        assert "x-api-key, which REST_AUTH sets" in line


class TestRequests:
    def test_the_method_is_written_in_capitals(self):
        request = rest(REST_CANCEL_REQUEST="delete /s/{subscription_id}").cancel_request
        assert (request.method, request.path) == ("DELETE", "/s/{subscription_id}")

    def test_an_empty_status_request_means_that_the_vendor_cannot_be_asked(self):
        assert rest(REST_STATUS_REQUEST="").status_request is None

    @pytest.mark.parametrize(
        "body", ['{"id": "{subscription_id}"}', r'{"ids": [{"id": "\u007bsubscription_id\u007d"}]}']
    )
    def test_the_id_may_be_only_in_the_body_even_after_an_escape(self, body):
        found = rest(REST_CANCEL_REQUEST="POST /cancel", REST_CANCEL_BODY=body)
        assert (found.cancel_request.path, found.cancel_request.body) == ("/cancel", body)

    def test_the_id_in_a_key_of_the_body_is_not_enough(self):
        line = mistake(
            REST_CANCEL_REQUEST="POST /cancel", REST_CANCEL_BODY='{"{subscription_id}": "x"}'
        )
        assert "has no {subscription_id}, and neither has REST_CANCEL_BODY" in line

    @pytest.mark.parametrize(
        "body",
        ['{"{x": "of {asset_id}, {request_id}", "n": [1.5, -2e3, null]}',
         '{"query": "mutation { cancel(id: \\"{subscription_id}\\") { id } }"}'],
        ids=["in a key", "alone"],
    )  # fmt: skip
    def test_braces_in_a_key_or_alone_are_not_misspelt_placeholders(self, body):
        assert rest(REST_CANCEL_BODY=body).cancel_request.body == body

    def test_a_mistake_about_braces_names_the_placeholders(self):
        line = mistake(REST_CANCEL_BODY='{"id": "{subscription-id}"}')
        names = "{asset_id}, {effective_date}, {request_id}, {request_uuid}, {subscription_id}"
        assert f"({names}, {{parameter:ID}})" in line
        assert "has a brace next to a word" in line

    @pytest.mark.parametrize("body", ["REST_CANCEL_BODY", "REST_UNDO_BODY"])
    def test_a_whole_body_may_be_a_looked_up_value(self, body):
        looked_up = {"REST_LOOKED_UP": '{"resource": "@"}', body: '"{resource}"'}
        undo = {"REST_UNDO_REQUEST": "PUT /s/{subscription_id}"}
        assert rest(**looked_up, **undo)
        line = mistake(**looked_up, **undo, REST_BODY_FORMAT="form")
        assert f"{body} is a single placeholder, which has no fields for a form" in line

    @pytest.mark.parametrize(
        "whole",
        ['"{request_id}"', '"{parameter:customer}"', '"{nothing}"', '"a {resource}"',
         '["{resource}"]'],
    )  # fmt: skip
    def test_no_other_text_may_be_a_whole_body(self, whole):
        line = mistake(REST_LOOKED_UP='{"resource": "@"}', REST_CANCEL_BODY=whole)
        assert "REST_CANCEL_BODY is not a JSON object" in line

    @pytest.mark.parametrize("name", ["REST_HEADERS", "REST_SECRET_HEADERS"])
    @pytest.mark.parametrize("text", ["{subscription-id}", "{etag}", "{parameter:}", "{call_uuid}"])
    def test_a_misspelt_placeholder_in_a_header_is_a_mistake(self, name, text):
        line = mistake(**{name: json.dumps({"X-Of": f"a {text}"})})
        assert f"{name} has a brace next to a word that is not a placeholder" in line

    @pytest.mark.parametrize("method", ["GET", "get", "POST", "post"])
    def test_the_status_may_be_requested_by_get_or_post(self, method):
        request = rest(REST_STATUS_REQUEST=f"{method} /find?id={{subscription_id}}").status_request
        assert request.method == method.upper()

    def test_the_status_request_must_not_cancel(self):
        line = mistake(REST_STATUS_REQUEST="POST /subscriptions/{subscription_id}/cancel")
        assert "REST_STATUS_REQUEST is the same as REST_CANCEL_REQUEST; it takes GET" in line
        path = "/subscriptions/{subscription_id}"
        rest(REST_STATUS_REQUEST=f"GET {path}", REST_CANCEL_REQUEST=f"DELETE {path}")

    @pytest.mark.parametrize("placeholder", sorted(PLACEHOLDERS))
    def test_every_placeholder_may_be_in_a_path(self, placeholder):
        path = f"/s/{{subscription_id}}/{{{placeholder}}}"
        assert rest(REST_CANCEL_REQUEST=f"POST {path}").cancel_request.path == path


@pytest.mark.parametrize(
    "parameter_id",
    ["subscription_id", "Subscription-ID.2", "t0_f_text", "51", "PRD-403-038-754-0001",
     "o365subscriptionid", "the_id_of_the_subscription_at_the_vendor_of_the_product",
     "microsoft_azure_subscription_id_v2", "0f8fad5b-d9cb-469f-a165-70867728950e"],
)  # fmt: skip
def test_the_id_of_a_parameter_is_used_unchanged(parameter_id):
    found = settings(SUBSCRIPTION_ID_PARAMETER=parameter_id)
    assert found.subscription_id_parameter == parameter_id


texts = st.one_of(
    odd_texts,
    st.text(st.sampled_from("{}[]()\"\\,:|&@.?!*`'<>09az/-"), max_size=40),
    st.sampled_from(["rest", "zuora-soap", "oauth2", "basic", "header:x", "true", "{}", "5"]),
    st.recursive(
        st.none() | st.booleans() | st.floats() | odd_texts,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*BY_NAME, PRODUCT, "x"]), inner, max_size=3)
        ),
        max_leaves=8,
    ).map(json.dumps),
    st.dictionaries(
        st.sampled_from([PRODUCT, OTHER_PRODUCT]),
        st.dictionaries(st.sampled_from(sorted(BY_NAME)), odd_texts | st.integers()),
    ).map(json.dumps),
)


@given(st.dictionaries(st.sampled_from(sorted(BY_NAME)), texts))
@example({"REST_STATUS_PATH": "[" * 5000, "PRODUCT_OVERRIDES": '{"PRD-1":' * 3000})
@example({"PRODUCT_OVERRIDES": '{"PRD-1": {"REST_CANCEL_BODY": ' + "[" * 900 + "]" * 900 + "}}"})
def test_any_variables_give_settings_or_one_kind_of_error(variables):
    told = ""
    try:
        found = read({**REST_VARIABLES, **variables})
    except NotConfigured as error:
        told = error.message
    else:
        assert hash(found.default) == hash(found.default)
    assert not told or re.match(r"\d+ mistakes? in the extension's variables", told)
    assert told.encode("utf-8", "strict").decode() == told


class TestKeysInOtherPlaces:
    @pytest.mark.parametrize(
        ("variables", "key"),
        [
            ({"REST_CANCEL_BODY": '{"a": {"api_key": "abcd"}, "b": "{subscription_id}"}'}, "abcd"),
            ({"REST_CANCEL_BODY": '{"a": ["x9f3k2m1"], "reason": "asked for"}'}, "x9f3k2m1"),
            ({"REST_CANCEL_REQUEST": "POST /k9f3k2m1x/{subscription_id}"}, "k9f3k2m1x"),
            ({"REST_STATUS_REQUEST": "GET /a/{subscription_id}?token=abcd&b=1"}, "abcd"),
            ({"REST_API_URL": "https://vendor.example/t/k9f3k2m1x"}, "k9f3k2m1x"),
            ({"REST_UNDO_BODY": '{"a": {"api_key": "abcd"}, "b": "{subscription_id}"}'}, "abcd"),
            ({"REST_UNDO_REQUEST": "POST /k9f3k2m1x/{subscription_id}/undo"}, "k9f3k2m1x"),
            ({"ACME_PASSPHRASE": "correct horse"}, "correct horse"),
            ({"REST_SECRET_HEADERS": '{"X-Key": "Token abcd9"}'}, "abcd9"),
        ],
    )
    def test_a_key_counts_as_a_secret_wherever_it_is_configured(self, variables, key):
        assert key in settings(**variables).secrets

    def test_other_values_do_not_count_as_secrets(self):
        found = settings(
            REST_CANCEL_BODY='{"reason": "no longer needed", "when": "immediately"}',
            CANCELLATION_DATE="immediate",
        )
        assert found.secrets == settings().secrets
