from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.vendors.amounts import in_words

MARCH = date(2026, 3, 12), date(2026, 3, 31)
IN_MARCH = "for 12 March to 31 March 2026"


@pytest.mark.parametrize(
    ("amount", "tax", "currency", "period", "words"),
    [
        (
            "-42.5",
            "-6.79",
            "USD",
            MARCH,
            f"would credit 42.50 USD {IN_MARCH}, 6.79 USD of which is tax",
        ),
        ("42.50", None, "EUR", None, "would charge 42.50 EUR"),
        ("42.50", "6.79", "", None, "would charge 42.50, 6.79 of which is tax"),
        ("-1234567.891", "0", "USD", None, "would credit 1234567.89 USD"),
        ("0", None, "USD", MARCH, "would bill nothing"),
        ("-0.004", "-0.004", "USD", MARCH, "would bill nothing"),
    ],
)
def test_an_amount_is_a_credit_or_a_charge_or_nothing(amount, tax, currency, period, words):
    assert in_words(Decimal(amount), tax and Decimal(tax), currency, period) == words


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 3, 12), date(2026, 3, 31), "12 March to 31 March 2026"),
        (date(2025, 12, 31), date(2026, 1, 1), "31 December 2025 to 1 January 2026"),
        (date(2028, 2, 29), date(2028, 2, 29), "29 February 2028"),
        (date(2026, 3, 31), date(2026, 3, 12), "12 March to 31 March 2026"),
    ],
)
def test_a_period_names_its_year_once(first, last, words):
    said = in_words(Decimal(-1), None, "USD", (first, last))
    assert said == f"would credit 1.00 USD for {words}"


@pytest.mark.parametrize("tax", ["1", "-43", "0.001", "-0.001", "0"])
def test_a_tax_that_is_not_part_of_the_amount_is_left_out(tax):
    assert in_words(Decimal("-42.5"), Decimal(tax), "USD", None) == "would credit 42.50 USD"


amounts = st.decimals(-(10**24), 10**24, allow_nan=False, places=9)


@given(amounts, st.none() | amounts)
def test_every_amount_has_two_decimals_and_no_sign(amount, tax):
    said = in_words(amount, tax, "", None)
    figures = said.replace(",", "").split()[2:3]
    assert said == "would bill nothing" or figures == [f"{abs(amount):.2f}"]
    assert "-" not in said
