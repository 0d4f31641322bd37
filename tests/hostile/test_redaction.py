"""Redaction runs beside the loop, however many secrets there are and whatever the texts hold."""

import random
import string
from dataclasses import replace

import pytest

from connect_ext.cancelling.settling import Settling
from connect_ext.redaction import MASK
from tests.hostile.heartbeat import Heartbeat, at_best
from tests.unit.builders import cancel_request, settings

MOST_LATE_SECONDS = 0.1
LETTERS = random.Random(4711).choices(string.ascii_letters + string.digits, k=32 * 16_384)
TOKENS = ["".join(LETTERS[n * 16_384 : (n + 1) * 16_384]) for n in range(32)]
SETTINGS = replace(
    settings(), secrets=frozenset(f"secret-{n}-{n * 7919}-of-the-vendor" for n in range(1500))
)
PARAMETERS = [f"customer number {n}" for n in range(9000)]

TEXTS = {
    "an ordinary one": "Customer number 17 owes secret-17-134623-of-the-vendor.",
    "letters and digits": "a1" * 2000,
    "one letter": "a" * 4000,
    "e-mail addresses": "a@b.c " * 10**6,
    "escapes": "&#x41;" * 10**6,
    "hexadecimal": "41 " * 1300,
    "base64": "SmFuZSBEb2Ug" * 400,
    "base32": "JBSWY3DPEHPK3PXP" * 250,
    "letters alone": "a b " * 1000,
    "values": "customer number 1 " * 230,
    "a token": TOKENS[0],
    "a token in hexadecimal": TOKENS[0].encode().hex(),
    "wide characters": "\ufdfa" * 4000,
    "marks": "a\u0336" * 2000,
}


@pytest.mark.parametrize("name", TEXTS)
async def test_the_loop_keeps_running_while_a_text_is_searched(name):
    assert await lateness(PARAMETERS, TEXTS[name]) <= MOST_LATE_SECONDS


@pytest.mark.parametrize(
    "values",
    [["a" * n for n in range(8, 620)], [f"[{'[],' * 9_000}1]"] * 500, [[{}] * 10**5] * 10],
    ids=["overlapping", "JSON", "empty"],
)
async def test_the_loop_keeps_running_while_the_worst_personal_data_are_collected_and_found(values):
    assert await lateness(values, "a" * 3_900) <= MOST_LATE_SECONDS


@pytest.mark.parametrize(
    "text",
    ["%e7%8e%8b" * 2400, "\\ud83d\\ude00" * 1800, "&#65;" * 4400, "\\\\" * 10_000],
    ids=["wide", "JSON", "XML", "signs"],
)
async def test_the_loop_keeps_running_while_the_longest_call_of_a_dry_run_is_masked(text):
    assert await lateness(PARAMETERS, f"POST /{text}", Settling.masked) <= MOST_LATE_SECONDS


async def test_the_search_finds_its_secrets():
    request = cancel_request(*({"id": "x", "value": value} for value in PARAMETERS))
    settling = Settling(request, SETTINGS, None, TOKENS)
    said = await settling.clean(f"{TEXTS['an ordinary one']} {TOKENS[31][500:600]}!")
    assert said == f"{MASK} owes {MASK}. {MASK}!"


async def lateness(values, text, looked_through=Settling.clean):
    """The smallest of several longest delays of a beat, with texts that are new each time."""

    async def once():
        request = cancel_request(*({"id": "x", "value": value} for value in values))
        settling = Settling(request, SETTINGS, None, TOKENS)
        async with Heartbeat() as heart:
            await looked_through(settling, text)
        return heart.latest

    return await at_best(once, MOST_LATE_SECONDS)
