"""What a settlement takes on the disk: heap, TOAST and indexes of every table, before and after."""

from dataclasses import dataclass

from scripts.benchmarks.place import Place

_SIZES = """
    SELECT coalesce(t.relname, c.relname), CASE c.relkind WHEN 'i' THEN 'index' ELSE 'rows' END,
        sum(pg_relation_size(c.oid) + coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0))::bigint
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i') GROUP BY 1, 2
"""
_TOLD = 8


@dataclass
class Bytes:
    """Of one settlement, by table and kind."""

    of: dict[tuple[str, str], float]

    @property
    def total(self) -> float:
        return sum(self.of.values())

    def told(self) -> str:
        """The largest of them, in words."""
        largest = sorted(self.of.items(), key=lambda one: -one[1])[:_TOLD]
        return ", ".join(f"{table} {kind} {size:,.0f}" for (table, kind), size in largest)


@dataclass
class Disk:
    """How large every table and index was at an instant."""

    place: Place
    sizes: dict[tuple[str, str], int]

    @classmethod
    async def of(cls, place: Place) -> "Disk":
        return cls(place, {(table, kind): size for table, kind, size in await place.rows(_SIZES)})

    async def since(self, settlements: int) -> Bytes:
        """What has been added since, shared among so many settlements."""
        now = await Disk.of(self.place)
        return Bytes({key: (size - self.sizes.get(key, 0)) / settlements for key, size in now.sizes.items()})
