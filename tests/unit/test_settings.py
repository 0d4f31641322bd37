import dataclasses
import json
import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connect_ext.errors import NotConfigured
from connect_ext.settings import AuthKind, Notes, OnNotFound, OnRefusal, read_configuration
from connect_ext.variables import PLACEHOLDERS, VARIABLES, Secret, initial_variables
from tests.unit.builders import (
    REST_KEY,
    REST_VARIABLES,
    ZUORA_PASSWORD,
    ZUORA_VARIABLES,
    configuration,
    odd_texts,
    settings,
)

TOKEN_CHARACTERS = string.ascii_letters + string.digits + string.punctuation
PRODUCT, OTHER_PRODUCT = "PRD-411-678-887", "PRD-411-678-888"
BY_NAME = {variable.name: variable for variable in VARIABLES}
OAUTH = {
    "REST_AUTH": "oauth2",
    "REST_OAUTH_TOKEN_URL": "https://vendor.example/token",
    "REST_OAUTH_CLIENT_ID": "the-client",
    "REST_OAUTH_CLIENT_SECRET": "0auth-s3cret",
}


def has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def message(variables: dict[str, str], **options) -> str:
    with pytest.raises(NotConfigured) as caught:
        read_configuration(variables, **options)
    return caught.value.message


def mistake(**variables: str) -> str:
    """The one line about the one mistake in the variables of a REST vendor."""
    head, line = message({**REST_VARIABLES, **variables}).split("\n")
    assert head.startswith("1 mistake ")
    return line


class TestDeclaration:
    def test_every_variable_passes_the_official_rules(self):
        for variable in initial_variables():
            assert set(variable) == {"name", "initial_value", "secure"}
            assert re.fullmatch(r"[A-Za-z][\w]+", variable["name"])
            assert len(variable["name"]) <= 256
            assert isinstance(variable["initial_value"], str)
            assert isinstance(variable["secure"], bool)

    def test_every_name_is_declared_once(self):
        assert len(BY_NAME) == len(VARIABLES)

    def test_what_holds_a_secret_is_secure_and_nothing_else(self):
        secure = {variable["name"] for variable in initial_variables() if variable["secure"]}
        assert secure == {"REST_API_KEY", "REST_OAUTH_CLIENT_SECRET", "ZUORA_PASSWORD"}

    def test_no_secret_has_an_initial_value(self):
        for variable in VARIABLES:
            assert not variable.secure or variable.initial_value in ("", "changeme")


INITIAL = {variable.name: variable.initial_value for variable in VARIABLES}


class TestInitialValues:
    def test_they_are_right_but_for_what_must_be_filled_in(self):
        lines = message(INITIAL).split("\n")[1:]
        assert [line.split()[0] for line in lines] == ["REST_API_KEY", "REST_API_URL"]

    def test_they_are_right_once_that_is_filled_in(self):
        assert read_configuration({**INITIAL, **REST_VARIABLES}).default == settings()

    def test_a_variable_that_is_absent_counts_as_its_initial_value(self):
        for name, value in INITIAL.items():
            if name not in REST_VARIABLES:
                assert settings(**{name: value}) == settings()

    def test_they_are_the_careful_ones(self):
        policy, initial = settings().policy, settings()
        assert policy.on_refusal is OnRefusal.REJECT
        assert policy.on_not_found is OnNotFound.HOLD
        assert initial.notes is Notes.PRIVATE
        assert initial.vendor.built_in.repeatable is False

    def test_zuora_needs_none_of_the_rest_variables(self):
        zuora = read_configuration(ZUORA_VARIABLES).default.vendor.built_in
        assert (zuora.version, zuora.preview) == (91.0, True)
        assert (zuora.generate_invoice, zuora.process_payments) == (False, False)


@pytest.mark.parametrize("blank", ["", "  ", "changeme", "ChangeMe", "<your key>", "\t\n"])
@pytest.mark.parametrize("name", ["REST_API_URL", "REST_API_KEY", "SUBSCRIPTION_ID_PARAMETER"])
def test_a_placeholder_counts_as_missing(name, blank):
    assert mistake(**{name: blank}).startswith(f"  {name} got ")


MISTAKES = [
    ("VENDOR", "soap"),
    ("VENDOR", ""),
    ("SUBSCRIPTION_ID_PARAMETER", REST_KEY),
    ("SUBSCRIPTION_ID_PARAMETER", ""),
    ("SUBSCRIPTION_ID_PARAMETER", "Subscription ID"),
    ("SUBSCRIPTION_ID_PARAMETER", "subscription_id\nsubscription_id"),
    ("SUBSCRIPTION_ID_PARAMETER", "k\u00fcrzel"),
    ("SUBSCRIPTION_ID_PARAMETER", "x" * 129),
    ("SUBSCRIPTION_ID_PARAMETER", "user:p4ssword"),
    ("SUBSCRIPTION_ID_PARAMETER", "sk_live_51HxyzABCdefGHIjklMNOpqrs"),
    ("APPROVAL_TEMPLATE_ID", "Default Activation Template"),
    ("APPROVAL_TEMPLATE_ID", "TL-"),
    ("CANCELLATION_DATE", "tomorrow"),
    ("ON_REFUSAL", "rejekt"),
    ("ON_NOT_FOUND", "ignore"),
    ("DRY_RUN", "yes"),
    ("DRY_RUN", ""),
    ("NOTES", "public"),
    ("ESCALATE_AFTER_HOURS", "0"),
    ("ESCALATE_AFTER_HOURS", "a day"),
    ("VENDOR_TIMEOUT_SECONDS", "0"),
    ("VENDOR_TIMEOUT_SECONDS", "101"),
    ("VENDOR_TIMEOUT_SECONDS", "-1"),
    ("VENDOR_TIMEOUT_SECONDS", "nan"),
    ("VENDOR_TIMEOUT_SECONDS", "1e1"),
    ("VENDOR_TIMEOUT_SECONDS", "٣٠"),
    ("VENDOR_MAX_CONCURRENCY", "1.5"),
    ("VENDOR_MAX_CONCURRENCY", "0"),
    ("VENDOR_MAX_CONCURRENCY", "501"),
    ("PRODUCT_OVERRIDES", "[]"),
    ("PRODUCT_OVERRIDES", "{"),
    ("PRODUCT_OVERRIDES", '{"PRD-1": "rest"}'),
    ("PRODUCT_OVERRIDES", '{"411-678-887": {}}'),
    ("PRODUCT_OVERRIDES", '{"PRD-1\\n": {}}'),
    ("PRODUCT_OVERRIDES", '{"PRD-1": {"VENDDOR": "rest"}}'),
    ("PRODUCT_OVERRIDES", '{"PRD-1": {"VENDOR_TIMEOUT_SECONDS": Infinity}}'),
    ("PRODUCT_OVERRIDES", '{"PRD-1": {"PRODUCT_OVERRIDES": "{}"}}'),
    ("REST_API_URL", "vendor.example"),
    ("REST_API_URL", "http://vendor.example"),
    ("REST_API_URL", "ftp://vendor.example"),
    ("REST_API_URL", "https://"),
    ("REST_API_URL", "https://user:password@vendor.example"),
    ("REST_API_URL", "https://vendor.example/?key=1"),
    ("REST_API_URL", "https://vendor.example?"),
    ("REST_API_URL", "https://vendor.example/#top"),
    ("REST_API_URL", "https://vendor.example#"),
    ("REST_API_URL", "https://vendor.example:port"),
    ("REST_API_URL", "https://vendor.example/a b"),
    ("REST_API_URL", "https://[::1"),
    ("REST_AUTH", "digest"),
    ("REST_AUTH", "header"),
    ("REST_AUTH", "header:"),
    ("REST_AUTH", "bearer:key"),
    ("REST_AUTH", "header:X Api Key"),
    ("REST_API_KEY", "k\u00e9y"),
    ("REST_API_KEY", "one\r\nX-Evil: two"),
    ("REST_STATUS_REQUEST", "/subscriptions/{subscription_id}"),
    ("REST_STATUS_REQUEST", "GET subscriptions/{subscription_id}"),
    ("REST_STATUS_REQUEST", "GET //evil.example/{subscription_id}"),
    ("REST_STATUS_REQUEST", "GET /subscriptions/{subscription_id}#top"),
    ("REST_STATUS_REQUEST", "GET /subscriptions"),
    ("REST_STATUS_REQUEST", "GET /subscriptions/{subscription_id}/{customer}"),
    ("REST_STATUS_REQUEST", "GET /subscriptions/{subscription_id}/{customer"),
    ("REST_STATUS_REQUEST", "GET /subscriptions/{{subscription_id}}"),
    ("REST_STATUS_REQUEST", "DELETE /subscriptions/{subscription_id}"),
    ("REST_STATUS_REQUEST", "put /subscriptions/{subscription_id}"),
    ("REST_STATUS_REQUEST", "POST /subscriptions/{subscription_id}/cancel"),
    ("REST_STATUS_REQUEST", "post  /subscriptions/{subscription_id}/cancel"),
    ("REST_STATUS_REQUEST", "HEAD /subscriptions/{subscription_id}"),
    ("REST_STATUS_PATH", ""),
    ("REST_STATUS_PATH", "data["),
    ("REST_STATUS_PATH", "(" * 9000),
    ("REST_STATUS_PATH", f"data[{'9' * 9000}]"),
    ("REST_REASON_PATH", "error."),
    ("REST_END_DATE_PATH", "ends at"),
    ("REST_ACTIVE_VALUES", ""),
    ("REST_CANCELLED_VALUES", " , "),
    ("REST_REPEATABLE", "1"),
    ("REST_CANCEL_REQUEST", ""),
    ("REST_CANCEL_REQUEST", "POST /cancel"),
    ("REST_CANCEL_BODY", "[]"),
    ("REST_CANCEL_BODY", "{"),
    ("REST_CANCEL_BODY", "[" * 200_000),
    ("REST_CANCEL_BODY", '{"id": "{subscription}"}'),
    ("REST_CANCEL_BODY", '{"id": "\\u007bsubscription\\u007d"}'),
    ("REST_CANCEL_BODY", '{"id": "{k\u00fcrzel}"}'),
    ("REST_CANCEL_BODY", '{"id": "{subscription-id}"}'),
    ("REST_CANCEL_BODY", '{"id": "{subscription_id"}'),
    ("REST_CANCEL_BODY", '{"id": ["x", {"y": "subscription_id}"}]}'),
    ("REST_CANCEL_BODY", '{"id": "{{subscription_id}}"}'),
    ("REST_CANCEL_BODY", '{"id": "{{asset_id}subscription_id}"}'),
    ("REST_CANCEL_BODY", '{"amount": NaN}'),
    ("REST_CANCEL_BODY", '{"amount": -Infinity}'),
    ("REST_CANCEL_BODY", '{"amount": 1e999}'),
    ("REST_BODY_FORMAT", "xml"),
    ("REST_HEADERS", "[]"),
    ("REST_HEADERS", '{"X-Version": 1}'),
    ("REST_HEADERS", '{"X Version": "1"}'),
    ("REST_HEADERS", '{"X-Version": "1\\r\\nX-Evil: 2"}'),
    ("REST_HEADERS", '{"X-Version": "\u00fc"}'),
    ("REST_HEADERS", '{"idempotency-KEY": "1"}'),
    ("REST_HEADERS", '{"Host": "evil.example"}'),
    ("REST_HEADERS", '{"Accept-Encoding": "gzip"}'),
    ("REST_HEADERS", '{"Authorization": "Bearer another"}'),
]


@pytest.mark.parametrize(("name", "value"), MISTAKES, ids=[f"{n}={v:.30}" for n, v in MISTAKES])
def test_a_mistake_alone_names_its_variable_and_what_that_takes(name, value):
    line = mistake(**{name: value})
    assert line.startswith(f"  {name} ")
    assert line.endswith(f"; it takes {BY_NAME[name].takes}.")
    assert line.isprintable()
    assert len(line) < 300


ZUORA_MISTAKES = [
    ("ZUORA_SOAP_URL", "changeme"),
    ("ZUORA_SOAP_URL", "https://zuora.example/apps/services/a"),
    ("ZUORA_SOAP_URL", "http://zuora.example/apps/services/a/91.0"),
    ("ZUORA_USERNAME", ""),
    ("ZUORA_PASSWORD", "changeme"),
    ("ZUORA_GENERATE_INVOICE", "no"),
    ("ZUORA_PROCESS_PAYMENTS", "0"),
    ("ZUORA_PREVIEW", ""),
]


@pytest.mark.parametrize(("name", "value"), ZUORA_MISTAKES)
def test_a_mistake_for_zuora_names_its_variable_and_what_that_takes(name, value):
    head, line = message({**ZUORA_VARIABLES, name: value}).split("\n")
    assert head.startswith("1 mistake ")
    assert line.startswith(f"  {name} ")
    assert line.endswith(f"; it takes {BY_NAME[name].takes}.")


@pytest.mark.parametrize("missing", [name for name in OAUTH if name != "REST_AUTH"])
def test_oauth_needs_its_address_and_both_halves_of_its_credentials(missing):
    assert mistake(**{**OAUTH, missing: ""}).startswith(f"  {missing} got nothing")


def test_every_variable_has_a_mistake_of_its_own_here():
    free = {"REST_DRAFT_VALUES", "REST_OAUTH_SCOPE"}
    tried = {name for name, _ in MISTAKES + ZUORA_MISTAKES} | set(OAUTH)
    assert tried | free == set(BY_NAME)


def test_one_message_names_all_mistakes_at_once():
    wrong = dict(entry for entry in MISTAKES if entry[0] not in ("VENDOR", "REST_AUTH"))
    wrong["PRODUCT_OVERRIDES"] = "[]"
    head, *lines = message({**REST_VARIABLES, **wrong}).split("\n")
    assert {line.split()[0] for line in lines} == set(wrong)
    assert head.startswith(f"{len(lines)} mistakes in the extension's variables")


SECRETS = {
    "REST_API_KEY": "sk_live_51Hxyz",
    "REST_OAUTH_CLIENT_SECRET": "0auth-s3cret",
    "ZUORA_PASSWORD": "correct horse",
}


class TestSecretsInMessages:
    @pytest.mark.parametrize("name", BY_NAME)
    @pytest.mark.parametrize("secret", SECRETS.values())
    def test_a_secret_that_was_pasted_into_another_variable_is_not_shown(self, name, secret):
        variables = {**SECRETS, name: secret, "NOTES": secret}
        assert secret not in message(variables)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("REST_AUTH", "bearer: sk_live_51Hxyz"),
            ("DRY_RUN", "true sk_live_51Hxyz"),
            ("VENDOR", "sk_live_51Hxyz"),
            ("REST_API_URL", "https://user:sk_live_51Hxyz@vendor.example"),
            ("PRODUCT_OVERRIDES", '{"sk_live_51Hxyz": {"sk_live_51Hxyz": "sk_live_51Hxyz"}}'),
            ("PRODUCT_OVERRIDES", '{"PRD-1": {"sk_live_51Hxyz": "sk_live_51Hxyz"}}'),
            ("PRODUCT_OVERRIDES", '{"PRD-1": {"NOTES": "sk_live_51Hxyz"}}'),
            ("REST_HEADERS", '{"X-Key": "sk_live_51Hxyz\\n"}'),
            ("REST_STATUS_PATH", "sk_live_51Hxyz["),
            ("REST_CANCEL_BODY", '{"key": "{sk_live_51Hxyz}"}'),
            ("SUBSCRIPTION_ID_PARAMETER", "sk_live_51HxyzABCdefGHIjklMNOpqrs"),
        ],
    )
    def test_what_looks_like_a_token_is_not_shown_although_no_secret_is_known(self, name, value):
        assert "51Hxyz" not in message({**REST_VARIABLES, name: value, "NOTES": "x"})

    @pytest.mark.parametrize(
        ("name", "value", "shown"),
        [
            ("DRY_RUN", "yes", "got 'yes'"),
            ("CANCELLATION_DATE", "end_of_term", "got 'end_of_term'"),
            ("VENDOR_TIMEOUT_SECONDS", "300", "got '300'"),
            ("DRY_RUN", "", "got nothing"),
            ("REST_API_URL", "<URL>", "got a placeholder"),
            ("REST_AUTH", "digest, or what", "got a text of 15 characters"),
            ("REST_STATUS_REQUEST", "Delete /{subscription_id}", "has the method 'Delete'"),
            ("SUBSCRIPTION_ID_PARAMETER", REST_KEY, "got a text of 24 characters"),
        ],
    )
    def test_a_misspelt_word_or_a_number_is_shown(self, name, value, shown):
        assert shown in mistake(**{name: value})

    @given(
        st.text(st.sampled_from(TOKEN_CHARACTERS), min_size=9).filter(has_digit),
        st.sampled_from(sorted(BY_NAME)),
        st.sampled_from([variable.name for variable in VARIABLES if variable.secure]),
    )
    def test_no_secret_is_shown_wherever_it_was_pasted(self, secret, name, secure):
        allowed = " ".join(variable.takes for variable in VARIABLES)
        variables = {secure: secret, name: secret, "NOTES": "wrong"}
        if secret not in allowed:
            assert secret not in message(variables)


class TestProductOverrides:
    def test_they_lie_over_the_portals_variables(self):
        values = {PRODUCT: {"ON_NOT_FOUND": "approve", "REST_API_KEY": "another-k3y"}}
        read = configuration(PRODUCT_OVERRIDES=json.dumps(values), ON_REFUSAL="hold")
        product = read.for_product(PRODUCT)
        assert product.policy.on_not_found is OnNotFound.APPROVE
        assert product.policy.on_refusal is OnRefusal.HOLD
        assert "another-k3y" in product.secrets

    def test_other_products_keep_the_portals_variables(self):
        values = {PRODUCT: {"ON_NOT_FOUND": "approve"}}
        read = configuration(PRODUCT_OVERRIDES=json.dumps(values))
        assert read.for_product(OTHER_PRODUCT) is read.default
        assert read.default.policy.on_not_found is OnNotFound.HOLD

    def test_a_product_may_have_another_vendor(self):
        read = configuration(PRODUCT_OVERRIDES=json.dumps({PRODUCT: ZUORA_VARIABLES}))
        assert read.for_product(PRODUCT).vendor.name == "zuora-soap"
        assert read.default.vendor.name == "rest"

    def test_numbers_truths_and_objects_may_be_given_as_json(self):
        values = {
            "VENDOR_TIMEOUT_SECONDS": 7,
            "DRY_RUN": True,
            "REST_CANCEL_BODY": {"at": "{effective_date}"},
        }
        product = configuration(PRODUCT_OVERRIDES=json.dumps({PRODUCT: values})).overrides[PRODUCT]
        assert product.dry_run is True
        assert product.vendor.timeout_seconds == 7
        assert json.loads(product.vendor.built_in.cancel_body) == values["REST_CANCEL_BODY"]

    def test_a_mistake_in_one_names_the_product(self):
        line = mistake(PRODUCT_OVERRIDES=json.dumps({PRODUCT: {"NOTES": "loud"}}))
        assert line.startswith(f"  PRODUCT_OVERRIDES, {PRODUCT}, NOTES got 'loud'")

    def test_a_null_is_no_value(self):
        line = mistake(PRODUCT_OVERRIDES=json.dumps({PRODUCT: {"NOTES": None}}))
        assert line.startswith(f"  PRODUCT_OVERRIDES, {PRODUCT}, NOTES ")

    def test_a_mistake_of_the_portals_is_told_once_and_not_for_each_product(self):
        values = json.dumps({PRODUCT: {"NOTES": "off"}, OTHER_PRODUCT: {"NOTES": "off"}})
        assert mistake(PRODUCT_OVERRIDES=values, DRY_RUN="x").startswith("  DRY_RUN ")

    def test_a_misspelt_variable_is_named_with_its_product(self):
        line = mistake(PRODUCT_OVERRIDES=json.dumps({PRODUCT: {"REST_API_URI": "x"}}))
        assert f"sets REST_API_URI for {PRODUCT}" in line


class TestSettings:
    def test_equal_variables_give_equal_settings_with_equal_hashes(self):
        assert settings() == settings()
        assert hash(settings()) == hash(settings())
        assert hash(settings().vendor) == hash(settings().vendor)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("REST_API_KEY", "another-k3y"),
            ("REST_API_URL", "https://another.example"),
            ("VENDOR_TIMEOUT_SECONDS", "5"),
            ("REST_HEADERS", '{"X-Version": "2"}'),
        ],
    )
    def test_another_value_gives_another_vendor(self, name, value):
        assert settings(**{name: value}).vendor != settings().vendor

    def test_what_is_not_the_vendors_does_not_make_another_vendor(self):
        others = settings(DRY_RUN="true", NOTES="off", ON_REFUSAL="hold")
        assert others.vendor == settings().vendor

    def test_none_can_be_changed(self):
        for frozen in (settings(), settings().vendor, settings().vendor.built_in):
            with pytest.raises(dataclasses.FrozenInstanceError):
                frozen.name = "another"

    @pytest.mark.parametrize(
        "variables",
        [
            REST_VARIABLES,
            {**REST_VARIABLES, "REST_HEADERS": json.dumps({"X-Api-Key": "h3ader-secret"})},
            {**REST_VARIABLES, **OAUTH},
            ZUORA_VARIABLES,
            {"VENDOR": "acme", "REST_API_KEY": REST_KEY, "ACME_TOKEN": "acm3-token"},
        ],
        ids=["bearer", "headers", "oauth2", "zuora", "registered"],
    )
    def test_no_secret_shows_in_any_of_them(self, variables):
        read = read_configuration(variables, is_registered=lambda name: True)
        secrets = [REST_KEY, ZUORA_PASSWORD, "h3ader-secret", "0auth-s3cret", "acm3-token"]
        for text in (repr(read), str(read), f"{read.default.vendor}", repr(read.default.vendor)):
            assert not [secret for secret in secrets if secret in text]

    def test_both_halves_of_basic_credentials_are_secrets(self):
        read = settings(REST_AUTH="basic", REST_API_KEY="the-user:the:pass")
        assert {"the-user:the:pass", "the-user", "the:pass"} <= read.secrets

    def test_the_values_of_further_headers_are_secrets(self):
        assert "h3ader-secret" in settings(REST_HEADERS='{"X-Key": "h3ader-secret"}').secrets

    def test_a_secret_shows_itself_nowhere(self):
        secret = Secret("t0ken")
        assert "t0ken" not in f"{secret} {secret!r} {secret!s} {[secret]}"
        assert secret.reveal() == "t0ken"
        assert secret == Secret("t0ken")
        assert secret != "t0ken"
        assert not Secret("")

    def test_blanks_around_a_value_do_not_count(self):
        assert settings(REST_API_KEY=f" {REST_KEY}\n", NOTES=" Private ") == settings()


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "https://vendor.example",
            "https://vendor.example:8443/v1",
            "HTTPS://vendor.example/v1/",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://localhost:8080/",
            "http://[::1]:8080",
        ],
    )
    def test_https_anywhere_and_http_on_loopback_are_taken(self, url):
        assert settings(REST_API_URL=url).vendor.built_in.api_url == url.rstrip("/")

    @pytest.mark.parametrize(
        "url",
        [
            "http://vendor.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://localhost.vendor.example",
            "http://127.0.0.1.vendor.example",
            "http://127.0.0.1@vendor.example",
            "http://[::]",
            "//127.0.0.1",
            "file:///etc/passwd",
            "javascript://127.0.0.1/",
        ],
    )
    def test_anything_else_is_not(self, url):
        assert mistake(REST_API_URL=url).startswith("  REST_API_URL ")


class TestRestAuth:
    @pytest.mark.parametrize(
        ("text", "kind", "header"),
        [
            ("bearer", AuthKind.BEARER, ""),
            (" Bearer ", AuthKind.BEARER, ""),
            ("header:X-Api-Key", AuthKind.HEADER, "X-Api-Key"),
            ("Header: X-Api-Key", AuthKind.HEADER, "X-Api-Key"),
            ("none", AuthKind.NONE, ""),
        ],
    )
    def test_it_is_read(self, text, kind, header):
        auth = settings(REST_AUTH=text).vendor.built_in.auth
        assert (auth.kind, auth.header) == (kind, header)

    def test_basic_needs_a_colon(self):
        assert "user:password" in mistake(REST_AUTH="basic")
        auth = settings(REST_AUTH="basic", REST_API_KEY="user:password").vendor.built_in.auth
        assert auth.kind is AuthKind.BASIC

    def test_oauth_needs_no_key(self):
        auth = read_configuration({"REST_API_URL": "https://v.example", **OAUTH})
        assert auth.default.vendor.built_in.auth.client_id == "the-client"

    def test_none_needs_no_key(self):
        read = read_configuration({"REST_API_URL": "https://v.example", "REST_AUTH": "none"})
        assert not read.default.vendor.built_in.auth.key

    def test_further_headers_may_carry_the_credentials_if_auth_is_none(self):
        built_in = settings(
            REST_AUTH="none", REST_HEADERS='{"Authorization": "Custom x"}'
        ).vendor.built_in
        assert built_in.headers == (("Authorization", "Custom x"),)

    def test_further_headers_must_not_repeat_the_header_of_the_key(self):
        line = mistake(REST_AUTH="header:X-Api-Key", REST_HEADERS='{"x-api-key": "1"}')
        assert "x-api-key, which REST_AUTH sets" in line


class TestRequests:
    def test_the_method_is_written_large(self):
        request = settings(REST_CANCEL_REQUEST="delete /s/{subscription_id}").vendor.built_in
        assert request.cancel_request.method == "DELETE"
        assert request.cancel_request.path == "/s/{subscription_id}"

    def test_an_empty_status_request_means_that_the_vendor_cannot_be_asked(self):
        assert settings(REST_STATUS_REQUEST="").vendor.built_in.status_request is None

    def test_the_id_may_stand_in_the_body_alone(self):
        built_in = settings(
            REST_CANCEL_REQUEST="POST /cancel", REST_CANCEL_BODY='{"id": "{subscription_id}"}'
        ).vendor.built_in
        assert built_in.cancel_request.path == "/cancel"

    def test_the_id_in_a_key_of_the_body_is_not_enough_since_keys_are_not_filled_in(self):
        line = mistake(
            REST_CANCEL_REQUEST="POST /cancel", REST_CANCEL_BODY='{"{subscription_id}": "x"}'
        )
        assert "has no {subscription_id}, nor has REST_CANCEL_BODY" in line

    def test_the_id_may_hide_behind_an_escape_in_the_body(self):
        body = r'{"ids": [{"id": "\u007bsubscription_id\u007d"}]}'
        built_in = settings(REST_CANCEL_REQUEST="POST /cancel", REST_CANCEL_BODY=body)
        assert built_in.vendor.built_in.cancel_body == body

    def test_a_key_of_the_body_may_hold_braces(self):
        body = '{"{x": "of {asset_id}, {request_id}", "n": [1.5, -2e3, null]}'
        assert settings(REST_CANCEL_BODY=body).vendor.built_in.cancel_body == body

    def test_a_brace_that_stands_alone_is_no_misspelt_placeholder(self):
        body = '{"query": "mutation { cancel(id: \\"{subscription_id}\\") { id } }"}'
        assert settings(REST_CANCEL_BODY=body).vendor.built_in.cancel_body == body

    def test_a_mistake_about_braces_names_the_placeholders(self):
        line = mistake(REST_CANCEL_BODY='{"id": "{subscription-id}"}')
        assert "{asset_id}, {effective_date}, {request_id}, {subscription_id}" in line
        assert "has a brace beside a word" in line

    @pytest.mark.parametrize("method", ["GET", "get", "POST", "post"])
    def test_the_status_may_be_asked_by_get_and_post(self, method):
        request = settings(REST_STATUS_REQUEST=f"{method} /find?id={{subscription_id}}")
        assert request.vendor.built_in.status_request.method == method.upper()

    def test_the_status_request_must_not_cancel(self):
        line = mistake(REST_STATUS_REQUEST="POST /subscriptions/{subscription_id}/cancel")
        assert "REST_STATUS_REQUEST is the same as REST_CANCEL_REQUEST; it takes GET" in line

    def test_it_may_have_the_path_of_the_cancellation_with_another_method(self):
        path = "/subscriptions/{subscription_id}"
        requests = settings(
            REST_STATUS_REQUEST=f"GET {path}", REST_CANCEL_REQUEST=f"DELETE {path}"
        ).vendor.built_in
        assert requests.status_request.path == requests.cancel_request.path

    @pytest.mark.parametrize("placeholder", sorted(PLACEHOLDERS))
    def test_every_placeholder_may_stand_in_a_path(self, placeholder):
        path = f"/s/{{subscription_id}}/{{{placeholder}}}"
        request = settings(REST_CANCEL_REQUEST=f"POST {path}").vendor.built_in.cancel_request
        assert request.path == path


@pytest.mark.parametrize(
    "parameter_id",
    [
        "subscription_id",
        "Subscription-ID.2",
        "t0_f_text",
        "51",
        "PRD-403-038-754-0001",
        "o365subscriptionid",
        "the_id_of_the_subscription_at_the_vendor_of_the_product",
        "microsoft_azure_subscription_id_v2",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
    ],
)
def test_the_id_of_a_parameter_is_taken_as_it_is(parameter_id):
    read = settings(SUBSCRIPTION_ID_PARAMETER=parameter_id)
    assert read.subscription_id_parameter == parameter_id


class TestRegisteredVendors:
    def test_a_registered_name_is_taken_as_it_is_spelt(self):
        names = []
        read = read_configuration(
            {"VENDOR": "Acme", "ACME_URL": "x"}, lambda name: names.append(name) or True
        )
        vendor = read.default.vendor
        assert vendor.name == "Acme"
        assert set(names) == {"Acme"}
        assert dict(vendor.variables)["ACME_URL"] == Secret("x")
        assert dict(vendor.variables)["NOTES"] == Secret("private")

    def test_a_name_that_is_not_registered_is_a_mistake(self):
        assert mistake(VENDOR="acme").startswith("  VENDOR got 'acme'; it takes ")

    def test_a_built_in_name_is_not_looked_for(self):
        read = read_configuration({**REST_VARIABLES, "VENDOR": "REST"}, lambda name: 1 / 0)
        assert read.default.vendor.name == "rest"


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
def test_whatever_the_portal_says_only_one_kind_of_error_comes_out(variables):
    told = ""
    try:
        read = read_configuration({**REST_VARIABLES, **variables})
    except NotConfigured as error:
        told = error.message
    else:
        assert hash(read.default) == hash(read.default)
    assert not told or re.match(r"\d+ mistakes? in the extension's variables", told)
    assert told.encode("utf-8", "strict").decode() == told


def test_a_status_word_in_two_lists_is_a_mistake_that_names_both():
    line = mistake(REST_DRAFT_VALUES="draft, Trialing")
    assert "REST_DRAFT_VALUES has a word that REST_ACTIVE_VALUES has as well" in line
