from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.models import Knock
from daybreak.circulation.rates import JOINING, LETTERS, TooMany, forget_old_knocks, knock

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 6, 10, 0, tzinfo=dt.UTC)


def test_one_knock_too_many_within_an_hour_is_refused() -> None:
    for second in range(JOINING.most):
        knock(JOINING, "192.0.2.1", AT + dt.timedelta(seconds=second % 60))
    with pytest.raises(TooMany, match="try again in an hour"):
        knock(JOINING, "192.0.2.1", AT + dt.timedelta(minutes=59))
    knock(JOINING, "192.0.2.2", AT)
    knock(LETTERS, "192.0.2.1", AT)
    knock(JOINING, "192.0.2.1", AT + dt.timedelta(hours=1))


def test_only_a_hash_of_who_knocked_is_kept_and_not_for_long() -> None:
    knock(JOINING, "192.0.2.1", AT)
    knock(JOINING, "192.0.2.1", AT + dt.timedelta(minutes=30))
    assert "192.0.2.1" not in repr(list(Knock.objects.values()))
    assert forget_old_knocks(AT + dt.timedelta(hours=1)) == 1
    assert Knock.objects.get().at == AT + dt.timedelta(minutes=30)
