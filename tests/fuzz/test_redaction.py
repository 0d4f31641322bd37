"""Any secret under any layers of disguise, anywhere in a text, stays hidden in the text that
leaves.

The tests look for the stages of the disguise that they made themselves, with their own reading;
nothing here uses the code that redacts.
"""

from __future__ import annotations

import base64
import html
import json
import re
import string
from unicodedata import normalize
from urllib.parse import quote

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from connect_ext.redaction import redact

LETTERS = string.ascii_letters + string.digits


def _each(form):
    return lambda text: "".join(form(byte) for byte in text.encode())


def _alone(encode, *, pad=""):
    return lambda text: encode((pad + text).encode()).decode()


LAYERS = {
    "base64": _alone(base64.b64encode),
    "base64 after one": _alone(base64.b64encode, pad="u"),
    "base64 after a user": _alone(base64.b64encode, pad="user:"),
    "URL-safe base64": _alone(base64.urlsafe_b64encode, pad="?>~"),
    "base32": _alone(base64.b32encode),
    "hexadecimal": lambda text: text.encode().hex(),
    "HEXADECIMAL": lambda text: text.encode().hex(" ").upper(),
    "percent": _each("%{:02x}".format),
    "percent of signs": lambda text: quote(text, safe=""),
    "XML": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "XML without ends": lambda text: "".join(f"&#x{ord(letter):x}" for letter in text) + ";",
    "XML of signs": html.escape,
    "JSON": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "octal": _each("\\{:03o}".format),
    "quoted-printable": _each("={:02X}".format),
    "itself": str,
}
"""Each of these can be undone, so they can be stacked."""

SURFACES = {
    "as it is": str,
    "wrapped": lambda text: "\r\n ".join(re.findall(".{1,10}", text, re.DOTALL)),
    "full width": lambda text: "".join(
        chr(ord(letter) + 0xFEE0) if letter in LETTERS else letter for letter in text
    ),
    "zero width": "\u200b".join,
    "in quotes": "'{}'".format,
    "in a link": "[{}](x)".format,
}
"""The outermost layers."""

secrets = st.builds(
    "{}{}{}".format,
    st.text(st.sampled_from(LETTERS), min_size=6, max_size=12),
    st.text(st.sampled_from(LETTERS + "-_.~+/=$!"), min_size=2, max_size=40),
    st.text(st.sampled_from(LETTERS), min_size=6, max_size=12),
)
layers = st.lists(st.sampled_from(sorted(LAYERS)), max_size=2)
words = st.sampled_from(
    ["The key", "is not valid:", "x", "(", "Jane Doe", "tenant=", "4711", ".", "of 2026-03-02", " "]
)
surroundings = st.lists(words, max_size=4).map(" ".join)


def bare(text: str) -> str:
    """The letters and digits of a text, in one case."""
    return re.sub("[^a-z0-9]", "", normalize("NFKC", text).lower())


def shown(text: str, stages: list[str], least: int) -> list[str]:
    """The stages of which a text shows as much as this many letters and digits of the secret."""
    text, found = bare(text), []
    for bone in map(bare, stages):
        length = -(-least * len(bone) // len(bare(stages[0])))
        if any(bone[n : n + length] in text for n in range(max(1, len(bone) - length + 1))):
            found.append(bone)
    return found


def disguised(secret: str, names: list[str], surface: str) -> tuple[str, list[str]]:
    """The disguised secret, and every stage on the way to it."""
    stages = [secret]
    for name in names:
        stages.append(LAYERS[name](stages[-1]))
    return SURFACES[surface](stages[-1]), stages


@given(secrets, layers, st.sampled_from(sorted(SURFACES)), surroundings, surroundings)
@example("sk4f9Kx27QwRz81bTn", ["base64", "base64"], "wrapped", "The key", "is not valid:")
@example("sk4f9Kx27QwRz81bTn", ["base64", "hexadecimal"], "as it is", "x", ".")
@example("abcdefgh$!klmnop", ["percent of signs", "base64 after a user"], "in quotes", "", "")
def test_no_layers_of_disguises_let_a_secret_out(secret, names, surface, before, after):
    text, stages = disguised(secret, names, surface)
    redacted = redact(f"{before} {text} {after}", [secret], "A-1", ["Jane Doe"])
    assume(not shown(before + after, stages, 16))
    assert shown(redacted, stages, 16) == []


@given(secrets, layers, surroundings, st.data())
def test_no_cut_and_no_overlap_with_a_customers_value_leaves_half_of_a_secret(
    secret, names, before, data
):
    text, stages = disguised(secret, names, "as it is")
    start = data.draw(st.integers(0, len(secret) - 4))
    value = secret[start : start + data.draw(st.integers(3, len(secret)))] + " Ltd"
    whole = f"{before} {value}{text}{value}"
    length = data.draw(st.integers(1, len(whole)))
    for kept in (whole, whole[:length], whole[length:]):
        assert shown(redact(kept, [secret], "A-1", [value]), stages, 20) == []


# Texts of 4,000 characters take fifty times as long as the others.
@settings(max_examples=1 + settings.default.max_examples // 10)
@given(secrets, layers, st.integers(3900, 4100), st.sampled_from(["y", "&#121;", "\ufdfa"]))
def test_no_bound_cuts_a_secret_so_that_its_beginning_shows(secret, names, length, filler):
    text, stages = disguised(secret, names, "as it is")
    redacted = redact(f"{(filler * 4000)[:length]} {text} and more", [secret])
    assert shown(redacted, stages, 8) == []


@given(
    st.sampled_from(
        ["Jane Doe", "M\u00fcller", "Blauwal Versicherung", "+49 30 1234567", "Bo Lind"]
    ),
    layers,
    st.sampled_from(["as it is", "zero width"]),
    surroundings,
)
@example("Jane Doe", ["base32"], "as it is", "of 2026-03-02 x")
@example("M\u00fcller", ["octal", "HEXADECIMAL"], "as it is", "")
def test_no_layers_of_disguises_let_a_customers_name_out(name, names, surface, before):
    text, stages = disguised(name, names, surface)
    assume("Jane" not in before or name != "Jane Doe")
    redacted = redact(f"{before} {text}, he said.", [], "A-1", [name])
    assert shown(redacted, stages, 500) == []


def test_the_search_for_a_secret_can_find_one():
    for name, layer in LAYERS.items():
        for surface in SURFACES:
            text, stages = disguised("sk4f9Kx27QwRz81bTn", [name], surface)
            assert shown(f"The key {text}.", stages, 12) or layer is str
