"""When are two uploads the same list?"""

import hashlib
from dataclasses import asdict
from typing import BinaryIO, Final

import orjson

from service.access.model import Role
from service.registers.rosters.model import Statement

_PIECE: Final = 1 << 20


def hash_of(source: BinaryIO, statement: Statement, role: Role) -> bytes:
    """What makes two uploads the same list: the bytes, what was stated with them, and the role they come from."""
    digest = hashlib.sha256(orjson.dumps([asdict(statement), role.value]))
    source.seek(0)
    while piece := source.read(_PIECE):
        digest.update(piece)
    source.seek(0)
    return digest.digest()
