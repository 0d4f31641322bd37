"""Random histories find each bug that was put into the model on purpose.

They have a folder of their own, so that another process than that of ``tests/model`` runs them.
"""

from itertools import count, islice

import pytest

from tests.model import broken, broken_later, broken_orders
from tests.model.broken import ORDERED_TWICE
from tests.model.dealing import dealt

pytestmark = pytest.mark.timeout(600)

HISTORIES_FOR_A_BUG = 4000

VARIANTS = {**broken.VARIANTS, **broken_orders.VARIANTS, **broken_later.VARIANTS}
SYMPTOMS = {
    "the marks are not read back": ORDERED_TWICE,
    "every mark owns the sending": ORDERED_TWICE,
    "no mark keeps others from sending": ORDERED_TWICE,
    "a call that was sent counts as not sent": ORDERED_TWICE,
    "the vendor has no time to settle": ORDERED_TWICE,
    "no mark is left": ORDERED_TWICE,
    "without a mark a refusal is believed": "is rejected and has cancelled the subscription",
    "a pending order counts as done": "is approved and not cancelled at the vendor",
    "the order is not looked for": "another order is sent while one lies at the vendor",
    "the order is looked for only before another is sent": "nobody hears of it",
    "without a mark the order is not looked for": "another order is sent while one lies",
    "the idempotency key is the request id": "is not settled",
    "a number that is used up is used again": "is not settled",
    "a suspended subscription counts as active": "is rejected and nobody has refused anything",
    "a lock counts as a refusal": "is rejected and nobody has refused anything",
    **broken_later.SYMPTOMS,
}
"""The breach that a bug must show, if any other one would prove nothing."""


@pytest.mark.parametrize("name", VARIANTS)
def test_the_model_finds_a_seeded_bug(name):
    variant, symptom = VARIANTS[name], SYMPTOMS.get(name, "")
    # Every third history has later ends.
    suitable = filter(variant.suits, map(dealt, count(step=3 if variant.is_later else 1)))
    for history in islice(suitable, HISTORIES_FOR_A_BUG):
        if any(symptom in breach for breach in variant.play(history).broken):
            return
    pytest.fail(f"no history of {HISTORIES_FOR_A_BUG} shows that {name}")
