import json
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.cancelling.request import (
    BlankParameter,
    CancelRequest,
    FoundId,
    NoParameter,
    NotAnId,
)
from connect_ext.errors import NotDone
from connect_ext.vendors.base import SubscriptionId
from tests.unit.builders import NOW, cancel_request, connect_request, odd_texts, settings

CONTRACT = Path(__file__).parents[3] / "shared/contracts/connect/cancel_request.json"


DEFAULT = settings().subscription_id_pattern
ANYTHING = r"[\s\S]*"


def param(value: object, **more: object) -> dict:
    return {"id": "subscription_id", "value": value, **more}


def found(request: CancelRequest) -> FoundId:
    return request.subscription_id("subscription_id", ANYTHING)


def id_of(*params: dict) -> str | type:
    """The id's text, or why there is none."""
    value = found(cancel_request(*params))
    return value.text if isinstance(value, SubscriptionId) else type(value)


@pytest.mark.skipif(not CONTRACT.exists(), reason="the contract lies outside of the repository")
class TestTheContract:
    def request(self) -> CancelRequest:
        return CancelRequest.from_connect(json.loads(CONTRACT.read_text()))

    def test_it_is_read(self):
        request = self.request()
        assert request.id == "PR-3071-1051-2166-004"
        assert request.status == "pending"
        assert request.asset_id == "AS-3071-1051-2166"
        assert request.product_id == "PRD-411-678-887"
        assert request.template_id == "TL-471-184-949"
        assert found(request) == SubscriptionId("A-S00012345")
        assert request.created == NOW

    def test_its_personal_data_is_known(self):
        personal = {"jane@example.com", "Customer 1", "Reseller 1", "Winifred", "Jerde"}
        personal |= {"w.jerde@example.com", "Rodriguez Manors", "23456789", "BDQCSNOUYU"}
        assert personal <= self.request().personal


class TestTheSubscriptionId:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("A-S00012345", "A-S00012345"),
            ("  A-S00012345\n", "A-S00012345"),
            ("a b", "a b"),
            ("a/b?c=d#e%20", "a/b?c=d#e%20"),
            ("a..b/.c/d.", "a..b/.c/d."),
            ("König-王", "König-王"),
            (12345, "12345"),
            (0, "0"),
        ],
    )
    def test_a_text_or_a_whole_number_is_an_id(self, value, expected):
        assert id_of(param(value)) == expected

    @pytest.mark.parametrize(
        "value",
        ["", " ", "\t\r\n", "\u00a0", None],
        ids=repr,
    )
    def test_a_blank_value_is_not_an_id(self, value):
        assert id_of(param(value)) is BlankParameter

    @pytest.mark.parametrize(
        "value",
        [".", "..", " .. ", "a\nb", "a\r\nHost: b", "a\x00b", "a\x7f", "a\x85b", "\ud800"],
        ids=repr,
    )
    def test_a_value_that_could_never_stand_in_a_url_is_not_an_id(self, value):
        assert id_of(param(value)) is NotAnId

    @pytest.mark.parametrize(
        "value",
        [
            "../admin",
            "a/..",
            "a/./b",
            "a\\..\\b",
            "..;a",
            "a/..?b",
            "%2e%2e",
            "a%2F..",
            "\uff0e\uff0e",
        ],
        ids=ascii,
    )
    def test_no_id_leads_up_in_a_path_whatever_the_pattern(self, value):
        assert id_of(param(value)) is NotAnId

    @pytest.mark.parametrize("value", ["a\u200bb", "\ufeffa", "a\u202eb", "a\u2028b"], ids=ascii)
    def test_an_invisible_letter_is_left_to_a_person(self, value):
        assert id_of(param(value)) is NotAnId

    @pytest.mark.parametrize("value", [True, False, 1.5, ["A-1"], {"id": "A-1"}], ids=repr)
    def test_a_value_that_is_not_a_text_counts_as_no_parameter(self, value):
        assert id_of(param(value)) is NoParameter

    def test_a_parameter_without_a_value_is_blank(self):
        assert id_of({"id": "subscription_id"}) is BlankParameter

    @pytest.mark.parametrize("phase", ["ordering", "configuration", "", None, "Fulfillment", 1])
    def test_a_parameter_of_another_phase_is_never_read(self, phase):
        assert id_of(param("A-1", phase=phase)) is NoParameter
        assert id_of(param("A-1", phase=phase), param("A-2")) == "A-2"

    @pytest.mark.parametrize(
        ("value", "pattern", "is_id"),
        [
            ("sub_1", "sub_[0-9]+", True),
            ("sub_1/items/7", "sub_[0-9]+", False),
            ("sub_1\n", "sub_[0-9]+", True),
            ("x sub_1", "sub_[0-9]+", False),
            ("a' or '1", DEFAULT, False),
            ("..%2fadmin", DEFAULT, False),
            ("sub_1/items/7", DEFAULT, False),
            ("A-S00012345", DEFAULT, True),
            ("0f8fad5b-d9cb-469f-a165-70867728950e", DEFAULT, True),
            ("x" * 255, DEFAULT, True),
            ("x" * 256, ".*", False),
        ],
    )
    def test_the_pattern_is_matched_whole(self, value, pattern, is_id):
        kind = SubscriptionId if is_id else NotAnId
        assert isinstance(
            cancel_request(param(value)).subscription_id("subscription_id", pattern), kind
        )

    def test_a_missing_parameter_is_none(self):
        assert id_of({"id": "subscription_idd", "value": "A-1"}) is NoParameter
        assert id_of() is NoParameter

    def test_it_is_found_by_id_not_by_name(self):
        assert id_of({"id": "p1", "name": "subscription_id", "value": "A-1"}) is NoParameter

    @pytest.mark.parametrize("blank", ["", None, "  "], ids=repr)
    def test_a_blank_value_gives_way_to_the_structured_one(self, blank):
        assert id_of(param(blank, structured_value="A-1")) == "A-1"

    @pytest.mark.parametrize("structured", [None, "", {}, [], " "], ids=repr)
    def test_both_may_be_blank(self, structured):
        assert id_of(param("", structured_value=structured)) is BlankParameter

    def test_a_value_takes_precedence_over_the_structured_one(self):
        assert id_of(param("A-1", structured_value="A-2")) == "A-1"

    @pytest.mark.parametrize("other", ["A-2", "a-1", "", None, 1.5, ["A-1"]], ids=repr)
    def test_of_two_different_parameters_with_one_id_none_is_chosen(self, other):
        assert id_of(param("A-1"), param(other)) is NoParameter
        assert id_of(param(other), param("A-1")) is NoParameter
        assert id_of(param("A-1"), param(other, phase="ordering")) == "A-1"

    def test_two_equal_parameters_with_one_id_are_one(self):
        assert id_of(param("A-1"), param(" A-1", scope="tier1")) == "A-1"

    def test_configuration_parameters_are_not_the_subscriptions(self):
        data = connect_request()
        data["asset"]["configuration"] = {"params": [param("A-1")]}
        assert isinstance(found(CancelRequest.from_connect(data)), NoParameter)


class TestOddShapes:
    @pytest.mark.parametrize("data", [None, [], "PR-1", 1, {}], ids=repr)
    def test_anything_that_is_not_a_request_is_looked_at_again(self, data):
        with pytest.raises(NotDone):
            CancelRequest.from_connect(data)

    @pytest.mark.parametrize(
        "bad", [None, "", 1, "PR-1/../PR-2", "PR-1\n", "pr-1", "PR-", "PR-1?x", {}], ids=repr
    )
    def test_an_id_that_could_change_a_path_is_refused(self, bad):
        with pytest.raises(NotDone, match="no usable id"):
            cancel_request(id=bad)

    @pytest.mark.parametrize(
        ("asset", "path"),
        [
            ({"product": {"id": "PRD-1-2"}}, "asset.id"),
            ({"id": "AS-1-2"}, "asset.product.id"),
            ({"id": "AS-1-2", "product": "PRD-1-2"}, "asset.product.id"),
            ([], "asset.id"),
        ],
    )
    def test_the_missing_id_is_named(self, asset, path):
        with pytest.raises(NotDone, match=f"no usable {path};"):
            cancel_request(asset=asset)

    @pytest.mark.parametrize("params", [None, {}, "x", [None, 1, "x", [], {}]], ids=repr)
    def test_parameters_may_be_of_any_shape(self, params):
        data = connect_request()
        data["asset"]["params"] = params
        assert isinstance(found(CancelRequest.from_connect(data)), NoParameter)

    @pytest.mark.parametrize("template", [None, "", "TL-1", {}, {"id": None}], ids=repr)
    def test_a_request_may_have_no_template(self, template):
        assert cancel_request(template=template).template_id == ""

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | odd_texts,
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "id",
                            "asset",
                            "product",
                            "params",
                            "value",
                            "tiers",
                            "contact_info",
                            "status",
                        ]
                    ),
                    inner,
                )
            ),
        )
    )
    def test_data_of_any_shape_raises_at_most_one_kind_of_error(self, data):
        with suppress(NotDone):
            assert CancelRequest.from_connect({**connect_request(), "asset": data}).product_id
        with suppress(NotDone):
            assert CancelRequest.from_connect(data).id

    @given(odd_texts)
    def test_an_id_is_one_text_without_controls_for_any_value(self, value):
        text = id_of(param(value))
        assert text is not NoParameter
        if text not in (BlankParameter, NotAnId):
            assert text.isprintable()
            assert text == text.strip()
            assert text not in ("", ".", "..")


class TestAge:
    @pytest.mark.parametrize(
        "created",
        [
            "2026-03-02T09:15:41+00:00",
            "2026-03-02T09:15:41Z",
            "2026-03-02T09:15:41",
            "2026-03-02T10:15:41+01:00",
            "2026-03-02 09:15:41.000000+00:00",
        ],
    )
    def test_the_time_of_creation_is_read(self, created):
        assert cancel_request(created=created).created == NOW

    @pytest.mark.parametrize("created", [None, "", "yesterday", 1772442941, {}], ids=repr)
    def test_without_a_time_the_request_counts_as_new(self, created):
        assert cancel_request(created=created).age_seconds(NOW) == 0

    def test_it_grows(self):
        request = cancel_request()
        assert request.age_seconds(NOW + timedelta(hours=1)) == 3600

    def test_it_is_never_negative(self):
        assert cancel_request().age_seconds(NOW - timedelta(hours=1)) == 0
        there = datetime.min.replace(tzinfo=timezone.utc)
        assert cancel_request().age_seconds(there) == 0


class TestPersonalData:
    def personal(self, **asset: object) -> frozenset[str]:
        data = connect_request()
        data["asset"] |= asset
        return CancelRequest.from_connect(data).personal

    def test_the_parameters_values_are_personal(self):
        assert self.personal(params=[param("jane@example.com")]) == {"jane@example.com"}

    def test_each_part_of_a_structured_value_is_personal(self):
        address = {"address_line1": "Rodriguez Manors", "city": "Abel", "nested": {"a": "Jerde"}}
        personal = self.personal(params=[param("", structured_value=address)])
        assert personal == {"Rodriguez Manors", "Abel", "Jerde"}

    def test_the_configurations_parameters_are_personal(self):
        assert self.personal(configuration={"params": [param("Jerde")]}) == {"Jerde"}

    def test_names_tax_ids_and_contacts_of_every_tier_are_personal(self):
        tiers = {
            "customer": {
                "name": "Customer 1",
                "tax_id": "BDQCSNOUYU",
                "external_id": "64278",
                "external_uid": "21d1a568",
                "parent": {"name": "Reseller 1"},
                "contact_info": {"contact": {"phone_number": {"phone_number": "23456789"}}},
            },
            "tier1": {"name": "Reseller 2"},
            "tier2": {},
        }
        assert self.personal(tiers=tiers) == {
            "Customer 1", "BDQCSNOUYU", "64278", "21d1a568", "Reseller 1", "23456789", "Reseller 2",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("country", "area", "number", "expected"),
        [
            ("+1", "555", "1234567", {"5551234567", "15551234567", "+15551234567"}),
            ("1", "(555)", "123-4567", {"5551234567", "15551234567", "+15551234567"}),
            ("+974", "", "53555333", {"53555333", "97453555333", "+97453555333"}),
            ("", "555", "1234567", {"5551234567"}),
            (None, 555, "1234567", {"1234567"}),
            ("+1", "555", "", set()),
        ],
    )
    def test_the_joined_digits_of_a_telephone_number_are_personal(
        self, country, area, number, expected
    ):
        parts = {"country_code": country, "area_code": area, "phone_number": number}
        known = {part for part in parts.values() if isinstance(part, str)}
        contact = {"contact_info": {"contact": {"phone_number": {**parts, "extension": ""}}}}
        assert self.personal(tiers={"customer": contact}) - known == expected - known
        assert expected <= self.personal(params=[param("", structured_value=parts)])

    def test_short_texts_are_not_personal(self):
        assert self.personal(tiers={"customer": {"name": "A"}}, params=[param(" AR ")]) == set()

    def test_it_shows_in_no_representation(self):
        request = cancel_request(param("jane@example.com"))
        assert "jane" not in repr(request)
        assert "jane" not in str(request.parameters)


def test_a_request_cannot_be_written_to():
    with pytest.raises(FrozenInstanceError):
        cancel_request().status = "approved"
