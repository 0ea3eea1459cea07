from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from twopi_demo.billing import amount, bill, bill_csv

MINUTES = st.integers(0, 10**9)
RATES = st.decimals(0, 10_000, places=2)


@given(MINUTES, RATES)
def test_an_amount_is_off_by_half_a_cent_at_most_and_ties_go_up(minutes, rate):
    exact = Fraction(rate) * minutes / 60

    rounded = Fraction(amount(minutes, rate))

    assert Fraction(-1, 200) < rounded - exact <= Fraction(1, 200)


@given(st.dictionaries(st.sampled_from(["ada", "bob", "cyd"]), MINUTES), RATES)
def test_the_lines_add_up_to_the_total(minutes, rate):
    result = bill(minutes, rate)

    assert sum(Decimal(line["amount"]) for line in result["lines"]) == Decimal(
        result["total"]
    )
    assert result["minutes"] == sum(minutes.values())


def test_a_bill_as_csv():
    assert bill_csv(bill({"bob": 61, "ada": 30}, Decimal("97.50"))) == (
        "person,minutes,amount\r\nada,30,48.75\r\nbob,61,99.13\r\ntotal,91,147.88\r\n"
    )
