"""A person's name, numbers and accounts as they lie in the database: sealed, each bound to its person and field."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import orjson
from sqlalchemy.engine import RowMapping

from service.access.resealing import Place, Sealed
from service.access.vault import Vault, mask_account, mask_id_no, mask_name, mask_phone
from service.registers.entries import BankAccount, Payee, Person
from service.registers.keys import person_key
from service.registers.model import KeyKind, Sex
from service.registers.tables import person_versions, persons

_FIELDS: Final = ("name", "id_no", "social_card_no", "phone", "bank_account", "payee")
_TEXTS: Final = ("name", "id_no", "social_card_no", "phone")
_OPEN: Final = ("county_code", "person_no", "township_code", "household_no", "id_type", "born_on", "died_on")


def place_of(person_no: str, field: str) -> str:
    """What a sealed field of a person is bound to."""
    return f"person:{person_no}:{field}"


def sealed(vault: Vault, person: Person) -> dict[str, Any]:
    """The row of `persons` for a person, but for who recorded it."""

    def seal(field: str, text: str | None) -> bytes | None:
        return None if text is None else vault.encrypt(text, bound_to=place_of(person.person_no, field))

    row: dict[str, Any] = {name: getattr(person, name) for name in _OPEN}
    row |= {f"{name}_enc": seal(name, getattr(person, name)) for name in _TEXTS}
    for name, value in (("bank_account", person.bank_account), ("payee", person.payee)):
        row[f"{name}_enc"] = seal(name, None if value is None else orjson.dumps(asdict(value)).decode())
    return row | {"sex": person.sex}


def opened(vault: Vault, row: RowMapping | Mapping[str, Any]) -> Person:
    """The person in a row of `persons` or `person_versions`."""

    def unseal(field: str) -> str | None:
        kept = row[f"{field}_enc"]
        return None if kept is None else vault.decrypt(kept, bound_to=place_of(row["person_no"], field))

    account, payee, name = unseal("bank_account"), unseal("payee"), unseal("name")
    assert name is not None, "the column is NOT NULL"
    return Person(
        **{column: row[column] for column in _OPEN},
        name=name,
        id_no=unseal("id_no"),
        social_card_no=unseal("social_card_no"),
        phone=unseal("phone"),
        bank_account=account_of(orjson.loads(account)) if account else None,
        payee=_payee(orjson.loads(payee)) if payee else None,
        sex=Sex(row["sex"]) if row["sex"] else None,
    )


def name_of(vault: Vault, row: RowMapping) -> str:
    """Only the name of a person, from a row that has `person_no` and `name_enc`."""
    return vault.decrypt(row["name_enc"], bound_to=place_of(row["person_no"], "name"))


def account_of(kept: dict[str, Any] | None) -> BankAccount | None:
    return None if kept is None else BankAccount(**kept)


def _payee(kept: dict[str, Any]) -> Payee:
    return Payee(**kept | {"bank_account": account_of(kept["bank_account"])})


def keys_of(vault: Vault, person: Person) -> dict[KeyKind, bytes]:
    """What a person is found by."""
    numbers = {
        KeyKind.PERSON_NO: person.person_no,
        KeyKind.ID_NO: person.id_no,
        KeyKind.SOCIAL_CARD_NO: person.social_card_no,
    }
    return {kind: person_key(vault, kind, number)[1] for kind, number in numbers.items() if number is not None}


def masked_account(account: BankAccount | None) -> BankAccount | None:
    if account is None:
        return None
    return BankAccount(mask_name(account.holder), account.bank, mask_account(account.number))


def masked(person: Person) -> Person:
    """The person as those see them who need not know every number."""
    payee = person.payee
    hidden = {
        "name": mask_name(person.name),
        "id_no": mask_id_no(person.id_no) if person.id_no else None,
        "social_card_no": mask_account(person.social_card_no) if person.social_card_no else None,
        "phone": mask_phone(person.phone) if person.phone else None,
        "bank_account": masked_account(person.bank_account),
        "payee": payee
        and Payee(
            mask_name(payee.name),
            payee.relation,
            mask_id_no(payee.id_no) if payee.id_no else None,
            mask_phone(payee.phone) if payee.phone else None,
            masked_account(payee.bank_account),
        ),
    }
    shown = {name: getattr(person, name) for name in (*_OPEN, "sex")}
    return Person(**shown | hidden)


def _place_in(field: str) -> Place:
    return lambda row: place_of(row["person_no"], field)


SEALED: Final = tuple(
    Sealed(table, {f"{field}_enc": _place_in(field) for field in _FIELDS}) for table in (persons, person_versions)
)
"""What the register of persons keeps sealed, for `access.resealing`."""
