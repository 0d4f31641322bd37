"""Secrets in disguise, and personal data in shapes of their own: nothing of them comes through."""

import base64
import html
import json
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
    """Whether a text gives six letters or more of a key away, by a reading of this test's own."""
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
def test_nor_do_two_of_them_within_any_text(disguises, before, after, pad):
    text = KEY
    for disguise in disguises[:1]:
        text = disguise(text)
    assert not shows(redact(f"{before}{' ' * pad}{text}{after}", [KEY]), KEY) or shows(
        before + after, KEY
    )


@pytest.mark.parametrize("customer", ["Acme sk-4f9K", "QwRz81bTn Ltd", "27QwRz81", "sk-4f9Kx27Q"])
def test_a_customers_value_that_overlaps_a_key_leaves_nothing_of_it(customer):
    for text in (f"{customer}x27QwRz81bTn", KEY, f"{customer} {KEY}", f"{KEY}{customer}"):
        assert not shows(redact(text, [KEY], "A-1", [customer]), KEY)


@pytest.mark.parametrize("length", range(3960, 4010))
def test_a_key_that_a_bound_cuts_shows_no_beginning(length):
    for filler in ("y", "&#121;"):
        text = (filler * 4000)[: length - 8] + " " + KEY + " and more" * 10
        assert not shows(redact(text, [KEY]), KEY)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Strasse 7a", "Stra\u00dfe 7a"), ("MU\u0308LLER", "M\u00fcller"), ("m\u00fcller",
        "Mu\u0308ller"),
        ("Wei\u00dfer", "WEISSER"), ("Bo", "Bo"), ("B\u200bo", "Bo"), ("J&#97;ne", "Jane"),
        ("4 9 3 0 1 2 3 4 5", "493012345"),
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
def test_what_looks_personal_is_masked(text):
    assert redact(f"See {text} now.", []) in (f"See {MASK} now.", f"See {MASK}")


@pytest.mark.parametrize(
    "text",
    [
        "It ended on 2026-11-24 at 23:59:59.", "Version 1.2.3 of 31.12.2026.",
        "Order 1234567890123.",
        "Invoice INV-2026-000042 over 1.234.567,89 EUR", "The cancellation is refused.",
        "Ratio 3 < 4 and 5 > 2.", "Subscription sub_1MowQVLkdIwHu7ixeRlqHVzs of 3.",
    ],
)  # fmt: skip
def test_what_is_neither_survives(text):
    secrets = ["cancellation-extension-user", KEY]
    assert redact(text, secrets, "sub_1MowQVLkdIwHu7ixeRlqHVzs", ["Jane Doe"]) == text


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
        "password: hunter2", "api_key=abcd",
        '"client_secret": "abcd"', "-----BEGIN PRIVATE KEY-----",
        f"Token {JWT}"[6:], "use sk_live_5", "run aB3dE5gH7jK9mN1p", "xoxb-1",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)  # fmt: skip
def test_what_still_looks_like_a_credential_is_dropped_whole(text):
    assert redact(f"No: {text} is wrong.", []) == ""


class TestPersonalData:
    def personal(self, value):
        return cancel_request({"id": "x", "value": value}).personal

    def test_it_is_found_at_any_depth_in_lists_numbers_and_json(self):
        value = [{"a": [["Jane"]]}, 493012345, 12345.5, '{"b": ["Doe", {"c": "Acme"}]}', True]
        assert {"Jane", "493012345", "12345.5", "Doe", "Acme"} <= self.personal(value)

    @pytest.mark.parametrize("value", [[f"word {n}" for n in range(30_000)], "x" * 300_000])
    def test_more_than_can_be_looked_for_is_none(self, value):
        assert self.personal(value) is None


def test_the_worst_that_is_found_takes_no_tenth_of_a_second_or_so():
    personal = [f"customer number {n}" for n in range(9000)]
    secrets = [f"secret-{n}-{n * 7919}-of-the-vendor" for n in range(1500)] + ["a1" * 8192] * 3
    redact("x", secrets)
    for text in ("a1" * 2000, "a@" * 10**6, "&#x41;" * 10**6, "%41" * 10**6, "customer " * 10**5):
        began = time.process_time()
        redact(text, secrets, "A-1", personal)
        assert time.process_time() - began < 1
