import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connect_ext.redaction import MASK, redact, shortened
from tests.unit.builders import cancel_request, odd_texts

KEY = "sk_live_51HxyzABCdef"
ID = "A-S00012345"


class TestWhatIsMasked:
    @pytest.mark.parametrize(
        ("text", "hidden"),
        [
            ("The key sk_live_51HxyzABCdef is not valid.", KEY),
            ("The key SK_LIVE_51hxyzabcDEF is not valid.", "51hxyz"),
            ("Invalid:sk_live_51HxyzABCdef.", KEY),
            ("api_key_sk_live_51HxyzABCdef", KEY),
            ("xsk_live_51HxyzABCdefx", KEY),
            ("Customer Jane Doe has left.", "Jane"),
            ("Customer JANE DOE has left.", "JANE"),
            ("Customer Jane\n  Doe has left.", "Jane"),
            ("Write to jane@example.com, please.", "jane@"),
            ("Write to <jane.doe+x@mail.example.com>", "jane"),
            ("See https://vendor.example/v1/x?key=1 for more.", "vendor"),
            ("See HTTP://10.0.0.1:8080/x", "10.0.0.1"),
            ("Authorization: Bearer abcdefgh-ijkl", "abcdefgh"),
            ("token  abcdefgh12", "abcdefgh"),
            ("Session 0123456789abcdef0123456789abcdef is gone.", "0123456789abcdef"),
            ("Session 0f8fad5b-d9cb-469f-a165-70867728950e is gone.", "d9cb"),
            ("Call +49 30 1234-5678 now.", "1234"),
            ("Call (030) 1234 5678 now.", "1234"),
        ],
    )
    def test_a_confidential_text_does_not_come_through(self, text, hidden):
        masked = redact(text, [KEY, "Jane Doe"], ID)
        assert hidden not in masked
        assert MASK in masked

    @pytest.mark.parametrize(
        "written", ["5551234567", "15551234567", "+15551234567", "0015551234567", "555 1234567"]
    )
    def test_a_telephone_number_is_found_even_if_connect_stores_it_in_parts(self, written):
        phone = {"country_code": "+1", "area_code": "555", "phone_number": "1234567"}
        request = cancel_request({"id": "phone", "structured_value": phone})
        masked = redact(f"Dunning call to {written}.", [], personal=request.personal)
        assert "1234567" not in masked
        assert MASK in masked

    def test_a_confidential_text_across_lines_is_found(self):
        assert redact("Jane Doe has left", ["Jane \n Doe"]) == f"{MASK} has left"

    def test_the_longest_is_masked_first(self):
        assert redact("Jane Doe", ["Jane", "Jane Doe", "Doe"]) == MASK

    @pytest.mark.parametrize("short_id", ["1", "5", "s", "_", "live", "51"])
    def test_a_short_subscription_id_breaks_no_secret(self, short_id):
        masked = redact(f"Key {KEY}, id {short_id}.", [KEY, short_id], keep=short_id)
        assert masked == f"Key {MASK}, id {short_id}."

    @pytest.mark.parametrize("short_id", ["1", "e", "example"])
    def test_a_short_subscription_id_breaks_no_pattern(self, short_id):
        masked = redact("jane1@example.com", [], keep=short_id)
        assert "jane" not in masked

    def test_a_secret_across_the_cut_does_not_come_through(self):
        for start in range(980, 1020):
            assert "sk_l" not in redact("x" * 5 + " " + "y" * (start - 6) + KEY, [KEY])

    @pytest.mark.parametrize(
        "text",
        ["<!DOCTYPE html><p>Bad gateway", "<html><body>Bad gateway</body></html>",
         "< BODY class=x>Bad gateway", "Traceback (most recent call last):\n  File x",
         "java.lang.NullPointerException\n\tat com.vendor.Billing.cancel(Billing.java:1)",
         "Exception in thread main"],
    )  # fmt: skip
    def test_a_page_or_a_stack_trace_is_dropped_whole(self, text):
        assert redact(text, []) == ""

    @given(st.text(st.sampled_from("abc1 -"), min_size=4, max_size=12), odd_texts, odd_texts)
    @example("aaaaaa b", "A", "")
    def test_a_long_secret_never_comes_through(self, secret, before, after):
        secret = " ".join(secret.split())
        if len(secret) >= 8:
            assert secret not in redact(f"{before}{secret}{after}", [secret], keep="1")


class TestWhatStays:
    @pytest.mark.parametrize(
        "text",
        [
            "The subscription has an open invoice of 12.50 EUR and cannot be cancelled.",
            "Contract runs until 2026-12-31T23:59:59+00:00.",
            "Contract runs until 31.12.2026 (12 months), then 2027-01-01.",
            "Subscription A-S00012345 was created on 03/02/2026.",
            "Kündigung erst ab dem 01.04.2026 möglich: bitte später.",
            "Error INV-0042: 3 < 4, 100 % @ 5",
        ],
    )
    def test_the_vendors_sentence_survives(self, text):
        assert redact(text, [KEY, "Jane Doe", ID], ID) == text

    def test_a_personal_word_within_a_longer_word_survives(self):
        assert redact("The annotation is old.", ["Ann"]) == "The annotation is old."

    @pytest.mark.parametrize(
        "kept",
        ["0f8fad5b-d9cb-469f-a165-70867728950e", "2c92a0fd55767b97015579b5185d2a6f",
         "jane@example.com", "Jane Doe", "a.b*c("],
    )  # fmt: skip
    def test_the_subscription_id_survives_in_any_form(self, kept):
        text = f"Subscription '{kept}' is locked."
        assert redact(text, ["Jane", kept, KEY], kept) == text

    def test_the_subscription_id_survives_in_another_case(self):
        assert redact("Id a-s00012345.", [ID], ID) == "Id a-s00012345."

    def test_it_is_one_printable_line(self):
        assert redact(" one\r\n two\x00\u2028three\t", []) == "one two three"

    def test_an_empty_text_stays_empty(self):
        assert redact("", [KEY], ID) == redact(" \n", ["", KEY], "") == ""

    @given(odd_texts, st.lists(odd_texts, max_size=3), odd_texts)
    def test_any_text_becomes_one_printable_line(self, text, confidential, keep):
        masked = redact(text, confidential, keep)
        assert masked.isprintable()
        assert masked == " ".join(masked.split())


class TestBounds:
    @pytest.mark.parametrize(
        "text",
        ["a" * 10**6, "a@" * 10**6, "a@a." * 10**6, "a-" * 10**6, "+1" * 10**6, "+1" + " " * 10**6,
         "(12)" * 10**6, "a://" * 10**6, "a+" * 10**6 + "://", "bearer " * 10**6,
         "<" + " " * 10**6, "\n " * 10**6 + "at x", "\n" * 10**6],
        ids=lambda text: repr(text[:8]),
    )  # fmt: skip
    def test_hostile_texts_are_quick(self, text):
        began = time.process_time()
        redact(text, [KEY, *(f"name {n}" for n in range(100))], ID)
        assert time.process_time() - began < 0.5

    def test_a_masked_text_has_a_bound(self):
        assert len(redact("word " * 10**5, [])) <= 1000

    @pytest.mark.parametrize(("length", "expected"), [(254, 254), (255, 255), (256, 255)])
    def test_a_reason_is_cut_at_255_characters(self, length, expected):
        cut = shortened("x" * length)
        assert len(cut) == expected
        assert cut.endswith("…") == (length > 255)

    def test_no_blank_stands_before_the_ellipsis(self):
        assert shortened("word and more", 6) == "word…"
