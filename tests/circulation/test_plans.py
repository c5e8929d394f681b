from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.circulation.models import Plan
from daybreak.circulation.plans import current_plan, minor_digits, monthly_label, price_label, trial_label
from daybreak.common.refusal import Refused


def plan(price: int = 3295, currency: str = "USD", months: int = 12, trial_days: int = 14) -> Plan:
    return Plan(name="A plan", price=price, currency=currency, months=months, trial_days=trial_days)


@pytest.mark.parametrize(
    ("offered", "price", "monthly"),
    [
        (plan(), "$32.95 a year", "less than $3 a month"),
        (plan(3600), "$36 a year", "$3 a month"),
        (plan(3601), "$36.01 a year", "less than $4 a month"),
        (plan(99, months=1), "$0.99 a month", "less than $1 a month"),
        (plan(2500, months=6), "$25 for 6 months", "less than $5 a month"),
        (plan(3300, "JPY"), "¥3,300 a year", "¥275 a month"),
        (plan(3295, "JPY"), "¥3,295 a year", "less than ¥275 a month"),
        (plan(12345, "KWD"), "KWD\u00a012.345 a year", "less than KWD\u00a02 a month"),
        (plan(100005, "EUR"), "€1,000.05 a year", "less than €84 a month"),
    ],
)
def test_the_price_is_exact_and_the_month_is_rounded_up(offered: Plan, price: str, monthly: str) -> None:
    assert (price_label(offered), monthly_label(offered)) == (price, monthly)


@given(st.integers(1, 10**9), st.sampled_from(["USD", "EUR", "JPY", "KWD", "CHF"]), st.integers(1, 36))
def test_the_words_never_understate(price: int, currency: str, months: int) -> None:
    offered = plan(price, currency, months)
    true_price = Decimal(price).scaleb(-minor_digits(currency))
    assert amount_in(price_label(offered)) == true_price
    said = amount_in(monthly_label(offered))
    if monthly_label(offered).startswith("less than"):
        assert said * months > true_price > (said - 1) * months
    else:
        assert said * months == true_price


def amount_in(words: str) -> Decimal:
    found = re.search(r"[\d,]+(\.\d+)?", words)
    assert found is not None
    return Decimal(found[0].replace(",", ""))


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (14, "a free two-week trial with no obligation to continue"),
        (30, "a free 30-day trial with no obligation to continue"),
        (0, ""),
    ],
)
def test_the_trial_is_told_in_weeks_where_it_has_them(days: int, words: str) -> None:
    assert trial_label(plan(trial_days=days)) == words


@pytest.mark.django_db
def test_the_plan_on_sale_is_told_and_the_last_one_when_none_is() -> None:
    first = current_plan()
    assert price_label(first) == "$32.95 a year"
    Plan.objects.create(name="Dearer", price=4000, currency="USD", months=12, trial_days=14)
    assert current_plan() == first
    Plan.objects.filter(pk=first.pk).update(on_sale=False)
    assert current_plan().name == "Dearer"
    Plan.objects.update(on_sale=False)
    assert current_plan() == first
    Plan.objects.all().delete()
    with pytest.raises(Refused, match="There is no plan"):
        current_plan()
