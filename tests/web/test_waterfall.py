"""The picture of the bill: bars that together cover the total."""

from hypothesis import given
from hypothesis import strategies as st

from service.text import Text
from service.web.waterfall import WIDTH, Share, bars

LABEL = Text("甲", "A")


@given(st.lists(st.integers(0, 10**9), max_size=6), st.integers(0, 10**9))
def test_each_bar_begins_where_the_one_before_ended(payers: list[int], own: int) -> None:
    total = sum(payers) + own
    shares = [
        Share(LABEL, total, "total"),
        *(Share(LABEL, each, "payer") for each in payers),
        Share(LABEL, own, "patient"),
    ]

    drawn = bars(total, shares)

    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in drawn)
    assert all(bar.width > 0 for bar in drawn if bar.share.amount)
    if total:
        assert drawn[0].width == WIDTH
        assert drawn[-1].x == 0
        edges = [WIDTH] + [bar.x for bar in drawn[1:]]
        # A share too thin to be seen is drawn a little wider.
        assert all(abs(bar.x + bar.width - edge) <= 2 for bar, edge in zip(drawn[1:], edges, strict=False))
