"""The order in which a person's rows acted, found from the sums that they met, whatever the clock said."""

from typing import Any

from service.proof.persons import Standing, person_wrong
from service.proof.replay import Kept

PERSON, YEAR, NAME = "P1", "2018", "aid.paid"


def row(id_: str, order: int, at: str, *, met: list[tuple[int, int]], read: int, adds: int, replaces: str = "") -> Kept:
    """A row that met these sums and added that to each; decided on `read`, it adds `adds` of its own."""
    facts: dict[str, Any] = {"id": id_, "kind": "settlement", "version": 2 if replaces else 1, "order_no": order}
    facts |= {"settled_at": f"2018-06-01T12:00:{at}", "last_day": "2018-06-01", "reversal_of": None}
    facts |= {"replaces": replaces or None, "hospital_code": "H1", "visit_no": f"V{order}", "interim_no": 0}
    facts |= {"visit_type": "inpatient", "admitted_on": "2018-06-01"}
    entries = [
        {"period": YEAR, "name": NAME, "before": before, "delta": delta, "position": position}
        for position, (before, delta) in enumerate(met)
    ]
    own = [[YEAR, NAME, read, adds, ""]] if adds else []
    trace = {"claim": {"sums": [[YEAR, NAME, read]] if read else []}, "entries": own}
    return Kept(facts, [], trace, [], entries, None, [])


def wrong(found: list[Kept], total: int) -> list[Any]:
    replaced = {one.row["replaces"] for one in found}
    names = ("hospital_code", "visit_no", "interim_no", "visit_type", "admitted_on", "last_day")
    live = [{name: one.row[name] for name in names} | {"settlement_id": one.id} for one in found]
    standing = Standing({(YEAR, NAME): total}, 3, [one for one in live if one["settlement_id"] not in replaced])
    return list(person_wrong(PERSON, found, standing))


def stories(read_by_third: int) -> list[Kept]:
    """Two visits; a third, which adds nothing; and the second one decided anew, said to be before the third."""
    return [
        row("a", 1, "01", met=[(0, 5)], read=0, adds=5),
        row("b", 2, "02", met=[(5, 7)], read=5, adds=7),
        row("c", 3, "04", met=[], read=read_by_third, adds=0),
        row("d", 2, "03", met=[(12, -7), (5, 3)], read=5, adds=3, replaces="b"),
    ]


def test_a_change_may_have_come_after_what_it_says_it_came_before() -> None:
    assert wrong(stories(read_by_third=12), total=8) == []


def test_a_change_that_did_come_before_is_as_well() -> None:
    assert wrong(stories(read_by_third=8), total=8) == []


def test_sums_that_stood_at_no_time_are_named_with_the_row_that_read_them() -> None:
    [only] = wrong(stories(read_by_third=9), total=8)
    assert (only.table, only.key, only.kept) == ("settlement_documents", "c", "9")
