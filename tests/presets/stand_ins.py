"""Every preset's stand-in; the tests for all of them go by this list."""

from __future__ import annotations

from tests.presets.chargebee import Chargebee
from tests.presets.recurly import Recurly
from tests.presets.stand_in import StandIn
from tests.presets.stripe import Stripe

STAND_INS: tuple[type[StandIn], ...] = (Stripe, Chargebee, Recurly)
