"""A settlement as short text messages: each at most 70 characters, and each to be understood by itself."""

from collections.abc import Iterator
from typing import Final

from service.claims.model import Status
from service.money import yuan
from service.slip.content import Slip

LONGEST: Final = 70
"""What one message holds once it has a Chinese character."""


def parts(slip: Slip, language: str) -> list[str]:
    """The messages, in order. What is too long for one is cut where it is a name, never where it is an amount."""
    return list(_english(slip) if language == "en" else _chinese(slip))


def _chinese(slip: Slip) -> Iterator[str]:
    record, split = slip.record, slip.record.settlement.split
    day = f"{record.last_day:%Y-%m-%d}"
    if record.status == Status.REVERSED:
        yield _with_name("【医保】您在{name}" + f"{day}的结算已撤销，金额不再有效。", slip.hospital)
        return
    if slip.replaced_by is not None:
        yield _with_name(
            "【医保】您在{name}" + f"{day}的结算已由第{slip.replaced_by}版替代，以新版为准。", slip.hospital
        )
        return
    # What is not approved yet is told by itself, and not as paid.
    paid = yuan(split.paid_total + record.hospital_bears - split.expected_aid)
    mine = yuan(split.patient_pays)
    total = yuan(record.settlement.amounts.total)
    yield _with_name("【医保】{name}" + f"{day}费用{total}元，各方承担{paid}元，您负担{mine}元。", slip.hospital)
    if split.owed_to_patient:
        yield f"【医保】其中{yuan(split.owed_to_patient)}元以后转入您的银行账户。"
    if split.expected_aid:
        yield f"【医保】另有预计医疗救助{yuan(split.expected_aid)}元，尚未批准，请带身份证到户籍所在乡镇申请。"
    yield from _fitting(
        f"【医保】查询码{slip.code}，凭证件号后六位", f"到{slip.address}查询。", "到经办窗口或扫结算单上的码查询。"
    )


def _english(slip: Slip) -> Iterator[str]:
    record, split = slip.record, slip.record.settlement.split
    if record.status == Status.REVERSED:
        yield f"Your settlement of {record.last_day} was reversed."
        return
    if slip.replaced_by is not None:
        yield f"Your settlement of {record.last_day}: see version {slip.replaced_by}."
        return
    total = yuan(record.settlement.amounts.total)
    paid = yuan(split.paid_total + record.hospital_bears - split.expected_aid)
    yield f"Bill of {record.last_day}: {total} yuan, {paid} borne by others."
    yield f"Your share: {yuan(split.patient_pays)} yuan."
    if split.owed_to_patient:
        yield f"{yuan(split.owed_to_patient)} yuan will reach your account later."
    if split.expected_aid:
        yield f"{yuan(split.expected_aid)} yuan of aid, not approved yet: apply at your township."
    yield from _fitting(
        f"Query code {slip.code}, with the last 6 of your ID", f" at {slip.address}", ": see your slip."
    )


def _with_name(template: str, name: str) -> str:
    room = LONGEST - len(template.format(name=""))
    return template.format(name=name[: max(0, room)])


def _fitting(code: str, at: str, elsewhere: str) -> Iterator[str]:
    """The code and the address in one message, else in two, else without the address."""
    if len(code + at) <= LONGEST:
        yield code + at
    elif len(at) <= LONGEST:
        yield code
        yield at.strip()
    else:
        yield code + elsewhere
