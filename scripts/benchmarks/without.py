"""
A server process that lacks one of its safeties, so that the bench can say what each costs; nothing else runs it.

python -m scripts.benchmarks.without SAFETY, and the arguments of `service.worker`.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final
from unittest.mock import patch

from service.access import answers
from service.access.vault import Vault
from service.claims import opening, store, trace
from service.db import Direct
from service.registers.model import KeyKind
from service.worker import main

_AUDIT: Final = "INSERT INTO audit_log SELECT * FROM jsonb_populate_record(NULL::audit_log, CAST(:audit AS jsonb))"


def _idempotency() -> None:
    record = store.record

    async def opened(tx: Any, asked: Any, order: Any, _reserved: Any) -> Any:
        return await opening.open_visit(tx, asked, order, lock=True)

    async def recorded(tx: Any, made: Any, **named: Any) -> None:
        await record(tx, made, **{**named, "answer": None})

    patch.object(opening, "open_visit_once", opened).start()
    patch.object(answers, "compress", lambda body: body).start()
    patch.object(store, "record", recorded).start()


def _lock() -> None:
    values = opening._values
    patch.object(opening, "_values", lambda asked, order, **_: values(asked, order, lock=False)).start()


def _trace() -> None:
    patch.object(trace, "kept", lambda *_: {}).start()


def _keyed_hashes() -> None:
    hashed = Vault.fingerprint_bytes
    kinds = {each.value for each in KeyKind}

    def kept(vault: Vault, kind: str, value: bytes) -> bytes:
        # By these persons are found: without them nothing is settled.
        return hashed(vault, kind, value) if kind in kinds else bytes(32)

    patch.object(Vault, "fingerprint_bytes", kept).start()


def _audit() -> None:
    said = store._RECORD.text.text
    assert _AUDIT in said
    patch.object(store, "_RECORD", Direct(said.replace(_AUDIT, "SELECT CAST(:audit AS jsonb) IS NULL"))).start()


SAFETIES: Final[Mapping[str, Callable[[], None]]] = {
    "idempotency": _idempotency,
    "lock": _lock,
    "trace": _trace,
    "keyed hashes": _keyed_hashes,
    "audit": _audit,
}

if __name__ == "__main__":
    SAFETIES[sys.argv.pop(1)]()
    main()
