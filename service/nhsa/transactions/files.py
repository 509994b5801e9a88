"""9101 a file comes in, 9102 a file goes out. Kept sealed: a list of settlements is a list of people."""

import base64
import binascii
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select

from service.ids import new_id
from service.nhsa.desk import Desk, Done
from service.nhsa.model import long, short
from service.nhsa.refusals import invalid, not_found
from service.nhsa.tables import files

KEPT: Final = timedelta(days=30)
_LARGEST_BYTE: Final = 255


def place_of_file(number: UUID) -> str:
    """What a file is sealed to."""
    return f"nhsa:file:{number}"


async def upload(desk: Desk) -> Done:
    """9101: as a part of a form, as Base64, or as a list of byte values."""
    data = desk.input["fsuploadin"]
    content = desk.envelope.file if desk.envelope.file is not None else _bytes(data.get("in"))
    if not content:
        raise invalid("没有文件内容，请以表单文件或 in(Base64) 上传。", "There is no file: send one.")
    number = await keep(desk, data["filename"], content)
    await desk.note("nhsa.upload", subject=number)
    return Done({"~": told(desk, number, data["filename"])}, subject=number)


def told(desk: Desk, number: UUID, filename: str) -> dict[str, Any]:
    """A file as answers name it."""
    return {
        "file_qury_no": short(number),
        "filename": filename,
        "fixmedins_code": desk.institution.fixmedins_code,
        "dld_endtime": f"{desk.now + KEPT:%Y-%m-%d %H:%M:%S}",
    }


async def download(desk: Desk) -> Done:
    """9102: the file itself."""
    number = desk.input["fsdownloadin"]["file_qury_no"]
    content = await content_of(desk, number)
    await desk.note("nhsa.download", subject=long(number))
    return Done(file=content)


async def keep(desk: Desk, filename: str, content: bytes) -> UUID:
    """Keep a file of this institution."""
    number = new_id(desk.now)
    sealed = desk.ground.vault.encrypt(base64.b64encode(content).decode(), bound_to=place_of_file(number))
    row = {
        "county_code": desk.institution.county_code,
        "file_qury_no": number,
        "fixmedins_code": desk.institution.fixmedins_code,
        "filename": filename,
        "content_enc": sealed,
        "at": desk.now,
    }
    await desk.tx.execute(insert(files).values(row))
    return number


async def content_of(desk: Desk, file_qury_no: str) -> bytes:
    """A file of this institution. Raises VisitNotFound, also for another's and after its time."""
    number, c = long(file_qury_no), files.c
    query = select(c.content_enc).where(
        c.county_code == desk.institution.county_code,
        c.file_qury_no == number,
        c.fixmedins_code == desk.institution.fixmedins_code,
        c.at > desk.now - KEPT,
    )
    sealed = await desk.tx.scalar(query) if number is not None else None
    if number is None or sealed is None:
        raise not_found("查无此文件或已过下载期限，请核对文件查询号。", "There is no such file any more.")
    return base64.b64decode(desk.ground.vault.decrypt(sealed, bound_to=place_of_file(number)))


def _bytes(sent: Any) -> bytes:
    if isinstance(sent, str):
        try:
            return base64.b64decode(sent, validate=False)
        except (binascii.Error, ValueError):
            raise invalid("in 不是有效的 Base64，请检查。", "in is not Base64.") from None
    if not isinstance(sent, list):
        return b""
    values = [int(one) if isinstance(one, str) and one.lstrip("-").isdecimal() else None for one in sent]
    # A Java byte is signed.
    if any(value is None or not -_LARGEST_BYTE <= value <= _LARGEST_BYTE for value in values):
        raise invalid("in 应为 Base64 文字或字节数组。", "in must be Base64 or a list of bytes.")
    return bytes(value % (_LARGEST_BYTE + 1) for value in values if value is not None)
