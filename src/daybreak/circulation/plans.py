"""Plans and the words for their price: never typed, always computed."""

from __future__ import annotations

from daybreak.circulation.models import Plan
from daybreak.common.refusal import Refused

# ISO 4217: how many digits the minor unit has, where it is not two.
_NO_MINOR_UNIT = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DIGITS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩", "INR": "₹", "AUD": "A$", "CAD": "C$"}


def current_plan() -> Plan:
    """The plan that is on sale, of several the oldest; when none is, the oldest of all, so that pages have words.

    Raises Refused when there is no plan at all.
    """
    plan = Plan.objects.order_by("-on_sale", "id").first()
    if plan is None:
        raise Refused("There is no plan: add one, so that readers can be told a price.")
    return plan


def price_label(plan: Plan) -> str:
    """“$32.95 a year”, exact to the minor unit."""
    digits = minor_digits(plan.currency)
    whole, rest = divmod(plan.price, 10**digits)
    amount = f"{whole:,}.{rest:0{digits}d}" if rest else f"{whole:,}"
    stretch = {1: "a month", 12: "a year"}.get(plan.months, f"for {plan.months} months")
    return f"{_money(amount, plan.currency)} {stretch}"


def monthly_label(plan: Plan) -> str:
    """“less than $3 a month”: the smallest whole major unit that the monthly price stays below.

    A monthly price that is a whole unit is said as it is (“$3 a month”), so that neither ever understates.
    """
    whole, rest = divmod(plan.price, plan.months * 10 ** minor_digits(plan.currency))
    if rest:
        return f"less than {_money(f'{whole + 1:,}', plan.currency)} a month"
    return f"{_money(f'{whole:,}', plan.currency)} a month"


def trial_label(plan: Plan) -> str:
    """“a free two-week trial with no obligation to continue”; nothing when the plan has no trial."""
    days = plan.trial_days
    if days < 1:
        return ""
    weeks = {7: "one-week", 14: "two-week", 21: "three-week", 28: "four-week"}
    return f"a free {weeks.get(days, f'{days}-day')} trial with no obligation to continue"


def minor_digits(currency: str) -> int:
    """How many decimal digits the minor unit of `currency` has (ISO 4217)."""
    if currency in _NO_MINOR_UNIT:
        return 0
    return 3 if currency in _THREE_DIGITS else 2


def _money(amount: str, currency: str) -> str:
    return f"{_SIGNS[currency]}{amount}" if currency in _SIGNS else f"{currency}\u00a0{amount}"
