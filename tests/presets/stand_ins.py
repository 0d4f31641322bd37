"""Every preset's stand-in; the tests for all presets use this list."""

from __future__ import annotations

from tests.presets.chargebee import Chargebee
from tests.presets.kill_bill import KillBill
from tests.presets.maxio import Maxio
from tests.presets.microsoft_saas import MicrosoftSaas
from tests.presets.paddle import Paddle
from tests.presets.paypal import PayPal
from tests.presets.recurly import Recurly
from tests.presets.stand_in import StandIn
from tests.presets.stripe import Stripe

STAND_INS: tuple[type[StandIn], ...] = (
    Stripe,
    Chargebee,
    Recurly,
    Paddle,
    Maxio,
    KillBill,
    PayPal,
    MicrosoftSaas,
)
