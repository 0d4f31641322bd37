"""Disguised secrets and specially shaped personal data do not come through."""

import base64
import html
import json
import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.redaction import MASK, redact
from connect_ext.redaction.canonical import canonical
from tests.unit.builders import cancel_request, odd_texts

KEY = "sk-4f9Kx27QwRz81bTn"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlMTIzNDU2Nzg5"


ORDINARY = """
Subscription sub_1MowQVLkdIwHu7ixeRlqHVzs is already cancelled since 2026-03-02.
It ended on 2026-11-24 at 23:59:59. Version 1.2.3 of 31.12.2026.
Order 1234567890123. Invoice INV-2026-000042 over 1.234.567,89 EUR. Ratio 3 < 4 and 5 > 2.
The cancellation is refused; it can be cancelled in December 2026.
Cannot cancel subscription sub_1MowQVLkdIwHu7ixeRlqHVzs: status is 'Pending Activation'.
Das Abonnement kann erst zum 31.12.2026 gekündigt werden (Vertragslaufzeit: 24 Monate).
La suscripción no se puede cancelar porque tiene facturas pendientes.
サブスクリプションはキャンセルできません。
Отмена невозможна: срок договора не истёк.
INVALID_VALUE: The term end date cannot be earlier than 2026-05-01T00:00:00.000-08:00.
You can't cancel a subscription in state 'expired' (error 40012).
3 of 25 licences are still assigned; remove them first.
The 12-month commitment of plan PRO-2026-EU ends on 2 December 2026.
Subscription is locked by job 8812 until 10:15:41 UTC.
Error code 0x80070057: the parameter is incorrect.
Account is on credit hold, contact billing support, ext. 4021.
Das Produkt "Business Premium 365 (NCE)" lässt keine Kündigung zu.
Policy: a) 30 days notice b) written form c) no refund.
Not found: /v1/subscriptions/sub_1MowQVLkdIwHu7ixeRlqHVzs?expand=plan
Cannot cancel - the add-on "Backup 1 TB x 3" is still active.
The end date 2026-03-31 is before the last billed period (2026-04-01 - 2026-06-30).
409 Conflict: another operation (type=RENEW, id=5523) is running
UnsupportedOperationException: cancel is not supported for trial subscriptions
"""


def in_base64(before):
    return lambda key: base64.b64encode(b"x" * before + key.encode() + b"yz").decode()


DISGUISES = {
    "itself": str,
    "upper": str.upper,
    "lower": str.lower,
    "base64": in_base64(0),
    "base64 after one byte": in_base64(1),
    "base64 after two bytes": in_base64(2),
    "URL-safe base64": lambda key: base64.urlsafe_b64encode(b"?>~" + key.encode()).decode(),
    "hex": lambda key: key.encode().hex(),
    "hex in pairs": lambda key: key.encode().hex(":").upper(),
    "percent": lambda key: "".join(f"%{ord(c):02x}" for c in key),
    "percent, twice": lambda key: quote("".join(f"%{ord(c):02X}" for c in key)),
    "XML": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "XML in hex": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "JSON": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "XML of percent": lambda key: html.escape("".join(f"%{ord(c):02x}" for c in key)),
    "every second one": lambda key: "".join(
        f"&#{ord(c)};" if n % 2 else c for n, c in enumerate(key)
    ),
    "full width": lambda key: "".join(chr(ord(c) + 0xFEE0) for c in key),
    "zero width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "blanks": " ".join,
    "line breaks": lambda key: f"{key[:7]}\r\n\t{key[7:]}",
    "quoted": json.dumps,
    "its first twelve": lambda key: key[:14],
    "without its beginning": lambda key: key[4:],
}


def shows(text, key):
    """Whether a text reveals six letters or more of a key, by this test's own reading."""
    bare = "".join(filter(str.isalnum, canonical(text))).casefold()
    bones = "".join(filter(str.isalnum, key)).casefold()
    codes = [bones, key.encode().hex()]
    codes += [
        base64.b64encode(b"\0" * n + key.encode()).decode().casefold()[4:-4] for n in range(3)
    ]
    return any(code[n : n + 6] in bare for code in codes for n in range(len(code) - 5))


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("place", ["Key {}.", "key={}", "({})", "x{}x", "Jane Doe{}"])
def test_no_disguise_helps_a_key(disguise, place):
    text = redact(place.format(DISGUISES[disguise](KEY)), [KEY], "A-1", ["Jane Doe"])
    assert not shows(text, KEY)
    assert text == "" or MASK in text


def test_the_search_for_keys_can_find_one():
    assert all(shows(f"Key {disguise(KEY)}.", KEY) for disguise in DISGUISES.values())


@given(
    st.lists(st.sampled_from(list(DISGUISES.values())), min_size=1, max_size=2),
    odd_texts,
    odd_texts,
    st.integers(0, 12),
)
def test_two_disguises_within_any_text_help_no_key(disguises, before, after, pad):
    text = KEY
    for disguise in disguises[:1]:
        text = disguise(text)
    assert not shows(redact(f"{before}{' ' * pad}{text}{after}", [KEY]), KEY) or shows(
        before + after, KEY
    )


@pytest.mark.parametrize(
    "key",
    ["a%41b%42c9d8e", "k&amp;x9y8z7w", "ab\\nc9d8e7f6g", "tEsT\\u0041bC9d8", "%%41%%42zz99yy",
     "\u0130stanbul42\u00dfx", "[ab](cd9e8f7g6)", "!$%&/()=?", "p@s$", "pass_w",
     "\u00a7\u00b1\u00a7\u00b1", "hunt3r2"],
)  # fmt: skip
def test_a_key_with_escapes_or_symbols_or_a_short_key_is_found(key):
    in_parts = (" ".join(key), f"{key[:3]}\r\n{key[3:]}") if canonical(key) == key else ()
    for written in (key, html.escape(key), quote(key), *in_parts):
        for place in ("The key {} is bad.", "api_key_{}_x", "x{}x"):
            redacted = redact(place.format(written), [key])
            assert MASK in redacted
            assert key not in redacted
            assert canonical(key) not in redacted


@pytest.mark.parametrize("part", ["4711", "test"])
def test_a_short_key_that_could_be_a_word_is_found_as_a_word(part):
    assert (
        redact(f"key_{part}, {' '.join(part)}, {part}Key", [part])
        == f"key_{MASK}, {MASK}, {MASK}Key"
    )
    assert redact("It is the latest of 147110.", [part]) == "It is the latest of 147110."


@pytest.mark.parametrize("part", [KEY[:9], KEY[-10:], "4f9Kx27Q", "Kx27QwRz8"])
def test_eight_letters_reveal_a_key_unless_they_look_like_a_word(part):
    assert redact(f"The key {part}... is bad.", [KEY]).startswith(f"The key {MASK}")


@pytest.mark.parametrize("customer", ["Acme sk-4f9K", "QwRz81bTn Ltd", "27QwRz81", "sk-4f9Kx27Q"])
def test_a_customers_value_that_overlaps_a_key_leaves_none_of_the_key(customer):
    for text in (f"{customer}x27QwRz81bTn", KEY, f"{customer} {KEY}", f"{KEY}{customer}"):
        assert not shows(redact(text, [KEY], "A-1", [customer]), KEY)


@pytest.mark.parametrize("length", range(3960, 4010))
def test_a_key_cut_by_a_limit_does_not_show_its_beginning(length):
    for filler in ("y", "&#121;"):
        text = (filler * 4000)[: length - 8] + " " + KEY + " and more" * 10
        # Zuora's texts are cut to the same length first.
        for said in (text, text[:4000]):
            assert not shows(redact(said, [KEY]), KEY)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Strasse 7a", "Stra\u00dfe 7a"), ("MU\u0308LLER", "M\u00fcller"), ("m\u00fcller",
        "Mu\u0308ller"),
        ("Wei\u00dfer", "WEISSER"), ("Bo", "Bo"), ("B\u200bo", "Bo"), ("J&#97;ne", "Jane"),
        ("4 9 3 0 1 2 3 4 5", "493012345"), ("Doe, Jane", "Jane Doe"), ("jane_doe", "Jane Doe"),
        ("JaneDoe", "Jane Doe"), ("J.a.n.e", "Jane"), ("Jane", "Doe, Jane"),
        ("Muller", "M\u00fcller"), ("Mueller", "M\u00fcller"), ("M%FCller", "M\u00fcller"),
        ("M=C3=BCller", "M\u00fcller"), ("xn--mller-kva", "M\u00fcller"),
        ("SmFuZSBEb2U", "Jane Doe"), ("SmFuZQ", "Jane"), ("4a616e65", "Jane"),
        ("J\u0336a\u0336n\u0336e", "Jane"), ("J\u3164a\uffa0ne", "Jane"), ("J\u0430ne", "Jane"),
        ("O Brien", "O'Brien"), ("OBrien", "O'Brien"), ("\u738b \u5c0f", "\u738b\u5c0f"),
        ("Blauwal Versicherun", "Blauwal Versicherungs-Gesellschaft"),
        ("7 Main Street", "Main Street 7, 12345 Springfield"), ("12.04.1985", "1985-04-12"),
        ("S\u00f8rensen", "Sorensen"), ("\U0001d409ane", "Jane"), ("\\ud835\\udc09ane", "Jane"),
    ],
)  # fmt: skip
def test_a_customers_name_is_found_however_it_is_written(written, value):
    assert redact(f"Ask {written} first.", [], "", [value]) == f"Ask {MASK} first."


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "4111 1111 1111 1111",
        "5500-0000-0000-0004", "192.168.10.7", "2001:db8::8a2e:370:7334", "www.example.com/a",
        "javascript:alert(1)", "mailto:jane", "data:text/html,x",
    ],
)  # fmt: skip
def test_texts_that_look_personal_are_masked(text):
    assert redact(f"See {text} now.", []) in (f"See {MASK} now.", f"See {MASK}")


@pytest.mark.parametrize(
    "text",
    ORDINARY.strip().splitlines(),
)
def test_vendors_sentences_survive(text):
    secrets = [
        "cancellation-extension-user",
        KEY,
        "tenant-4711-eu",
        "api@vendor.example",
        "Summer2026!",
    ]
    personal = [
        "Jane",
        "Doe",
        "Jane Doe",
        "Ann",
        "Bo",
        "Blauwal GmbH",
        "12 Main Street, 54321 Springfield",
    ]
    assert redact(text, secrets, "sub_1MowQVLkdIwHu7ixeRlqHVzs", personal) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<b>No</b>, <a href='x'>never</a>.", "No , never ."), ("&lt;script src=x&gt;No", "" ),
        ("<!-- x -->No", "No"), ("![x](y) No", "x y No"), ("[No](javascript:x)", f"No {MASK}"),
        ("<img src=x onerror=", ""), ("3 &lt; 4", "3 < 4"),
    ],
)  # fmt: skip
def test_markup_does_not_reach_the_portal(text, rest):
    assert redact(text, []) == rest


@pytest.mark.parametrize(
    "text",
    [
        "No <svg/onload=alert(1)>",
        "No <img<b> src=x onerror=alert(1)>",
        "No &lt;img&lt;b&gt; src=x onerror=alert(1)&gt;",
        "No <a<b<i>> href='javascript:x'>here</a>",
        "No <<b>script src=x>",
        "No <!<b>-- x -->",
        "No </<b>p>",
        "5 <x</b>y",
    ],
)
def test_no_rest_of_markup_can_begin_a_tag(text):
    said = redact(text, [])
    assert not re.search(r"<[A-Za-z/!?]", said)
    assert said[:1] in ("", "N", "5")


def test_a_comparison_is_not_markup():
    assert redact("The balance is 5 < 7 and 9 > 8.", []) == "The balance is 5 < 7 and 9 > 8."


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter2", "api_key=abcd",
        '"client_secret": "abcd"', "-----BEGIN PRIVATE KEY-----",
        f"Token {JWT}"[6:], "use sk_live_5", "run aB3dE5gH7jK9mN1p", "xoxb-1",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)  # fmt: skip
def test_a_text_that_still_looks_like_a_credential_is_dropped(text):
    assert redact(f"No: {text} is wrong.", []) == ""


class TestPersonalData:
    def personal(self, value):
        return cancel_request({"id": "x", "value": value}).personal

    def test_it_is_found_at_any_depth_in_lists_numbers_and_json(self):
        value = [{"a": [["Jane"]]}, 493012345, 12345.5, '{"b": ["Doe", {"c": "Acme"}]}', True]
        assert {"Jane", "493012345", "12345.5", "Doe", "Acme"} <= self.personal(value)

    def test_a_company_is_known_without_its_legal_form_and_items_have_parameters_too(self):
        request = cancel_request()
        request._asset["tiers"] = {"customer": {"name": "Blauwal GmbH & Co. KG"}}
        request._asset["items"] = [{"params": [{"value": "seat 4711"}]}, None]
        assert {"Blauwal", "seat 4711"} <= request.personal

    @pytest.mark.parametrize(
        "value",
        [[f"word {n}" for n in range(30_000)], "x" * 300_000, [{}] * 200_000,
         [f"[{'1,' * 999}1]"] * 200],
    )  # fmt: skip
    def test_too_much_to_search_for_gives_no_text(self, value):
        assert self.personal(value) is None


@pytest.mark.undisturbed
def test_the_worst_known_text_takes_about_a_tenth_of_a_second_at_most():
    personal = [f"customer number {n}" for n in range(9000)]
    secrets = [f"secret-{n}-{n * 7919}-of-the-vendor" for n in range(1500)] + ["a1" * 8192] * 3
    redact("x", secrets)
    for text in ("a1" * 2000, "a@" * 10**6, "&#x41;" * 10**6, "%41" * 10**6, "customer " * 10**5):
        began = time.process_time()
        redact(text, secrets, "A-1", personal)
        assert time.process_time() - began < 1
