"""Prove the chain: each link names the one before, and every row is as it was when it was sealed."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.proof.model import Wrong, wrong
from service.proof.seals import store
from service.proof.seals.model import BY_NAME, DIGEST, FIRST, KINDS, NO_ROWS, SLACK, Seal, chained, content_hash
from service.proof.seals.store import EPOCH


async def chain_wrong(tx: AsyncConnection, county_code: str, first: int, end: int) -> tuple[int, list[Wrong]]:
    """How many sealed keys were looked at, and what is wrong with the links from `first` up to and without `end`."""
    links = {link.seq: link for link in await store.chain(tx, county_code, first - 1, end)}
    known = await store.columns(tx)
    found: list[Wrong] = []
    checked = 0
    for number in range(first, end):
        key, link, before = f"{county_code}/{number}", links.get(number), links.get(number - 1)
        if link is None:
            found.append(wrong("seals", key, None, "missing", "a link of the chain"))
            continue
        expected = FIRST if number == 1 else before.hash if before is not None else link.previous_hash
        if link.previous_hash != expected:
            found.append(wrong("seals", key, "previous_hash", link.previous_hash.hex(), expected.hex()))
        found += _link_wrong(link)
        found += await _rows_wrong(tx, link, known)
        checked += link.row_count
    return checked, found


def _link_wrong(link: Seal) -> list[Wrong]:
    key = f"{link.county_code}/{link.seq}"
    if (content := content_hash(link.keys, link.digests)) != link.content_hash:
        return [wrong("seals", key, "content_hash", link.content_hash.hex(), content.hex())]
    if (computed := chained(link)) != link.hash:
        return [wrong("seals", key, "hash", link.hash.hex(), computed.hex())]
    return []


async def _rows_wrong(tx: AsyncConnection, link: Seal, known: dict[str, list[str]]) -> list[Wrong]:
    kind = BY_NAME.get(link.kind)
    key = f"{link.county_code}/{link.seq}"
    if kind is None:
        return [wrong("seals", key, "kind", link.kind, sorted(BY_NAME))]
    gone = {table: sorted({*names} - {*known[table]}) for table, names in link.columns.items() if table in known}
    if any(gone.values()) or {leaf.table for leaf in kind.leaves} - link.columns.keys():
        return [wrong("seals", key, "columns", gone, "columns that the tables have")]
    size = len(kind.leaves) * DIGEST
    if len(link.digests) != size * link.row_count:
        return [wrong("seals", key, "digests", len(link.digests), size * link.row_count)]
    leaves = await store.digests_of(tx, link.county_code, kind, link.columns, link)
    found = []
    for number, row_key in enumerate(link.keys):
        for place, leaf in enumerate(kind.leaves):
            at = number * size + place * DIGEST
            kept, now = link.digests[at : at + DIGEST], leaves[place][number]
            if kept != now:
                says = "missing" if now == NO_ROWS else f"rows of digest {now.hex()}"
                sealed = "no rows" if kept == NO_ROWS else f"rows of digest {kept.hex()}"
                found.append(wrong(leaf.table, row_key, None, says, f"sealed in {key}: {sealed} ({leaf.label})"))
    return found


async def unsealed_wrong(tx: AsyncConnection, county_code: str) -> tuple[int, list[Wrong]]:
    """Rows older than what was sealed long since, or of no date, and in no seal: nobody wrote them when they say."""
    found: list[Wrong] = []
    for kind in KINDS:
        until = await store.sealed_until(tx, county_code, kind) or EPOCH + SLACK
        says = f"in no seal, though rows up to {until.isoformat()} are sealed"
        found += [
            wrong(kind.table, key, None, says, "a row that was sealed")
            for key in await store.unsealed_before(tx, county_code, kind, until - SLACK)
        ]
    return len(KINDS), found
