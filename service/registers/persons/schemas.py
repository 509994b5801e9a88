"""Persons on the wire."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from service.registers.entries import Bar, Coverage, Insured, Payee, Person, RosterIdentity
from service.registers.model import ID_CARD, Sex
from service.registers.periods import Dated
from service.registers.schemas import (
    BankAccountIn,
    BankAccountOut,
    LongestList,
    PeriodIn,
    PeriodOut,
    Reason,
    ReasonedPeriodIn,
    ReasonedPeriodOut,
    in_order,
)
from service.wire.types import Code, CountyCode, Day, Line, Name, WireModel, code_of
from service.words import IdentityClass

PersonNo = Annotated[str, code_of(40, "P459901000001")]
IdNo = Annotated[str, code_of(40, "459901195003070005")]
Phone = Annotated[str, code_of(30, "13800001234")]


class PayeeIn(WireModel):
    name: Name = Field(examples=["张四"])
    relation: Line = Field(description="What they are to the person, such as guardian or heir.", examples=["监护人"])
    id_no: IdNo | None = None
    phone: Phone | None = None
    bank_account: BankAccountIn | None = None

    def payee(self) -> Payee:
        account = self.bank_account.account() if self.bank_account else None
        return Payee(self.name, self.relation, self.id_no, self.phone, account)


class IdentityIn(WireModel):
    class_: IdentityClass = Field(alias="class")
    valid_from: Day
    valid_to: Day | None = None
    source: Line | None = Field(default=None, description="The roster it comes from.", examples=["扶贫办"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.valid_from, self.valid_to)
        return self

    def dated(self) -> Dated[RosterIdentity]:
        return Dated(RosterIdentity(self.class_, self.source or ""), self.valid_from, self.valid_to)


class _PersonFields(WireModel):
    county_code: CountyCode | None = Field(default=None, description="Your own county; may be left out.")
    township_code: Code | None = None
    household_no: Line | None = None
    id_no: IdNo | None = Field(
        default=None, description="18 characters with a right check character where `id_type` is `id_card`."
    )
    social_card_no: IdNo | None = None
    born_on: Day | None = Field(default=None, description="Taken from the identity number where left out.")
    died_on: Day | None = None
    sex: Sex | None = Field(default=None, description="Taken from the identity number where left out.")
    phone: Phone | None = None
    payee: PayeeIn | None = None
    bank_account: BankAccountIn | None = None
    reason: Reason = None


class _Coverage(WireModel):
    insured: Annotated[list[PeriodIn] | None, LongestList] = None
    identities: Annotated[list[IdentityIn] | None, LongestList] = None
    barred: Annotated[list[ReasonedPeriodIn] | None, LongestList] = None

    def coverage(self) -> Coverage:
        return Coverage(
            tuple(period.dated(Insured()) for period in self.insured or ()),
            tuple(identity.dated() for identity in self.identities or ()),
            tuple(period.dated(Bar(period.reason)) for period in self.barred or ()),
        )


class PersonNew(_PersonFields, _Coverage):
    """A person to register. Lists that are left out are empty."""

    person_no: PersonNo | None = Field(default=None, description="Assigned where left out.")
    name: Name = Field(examples=["张三"])
    id_type: Code = Field(default=ID_CARD, description="`id_card`, or another document's type.")

    def person(self, county_code: str, assigned_no: str) -> Person:
        return Person(county_code=county_code, person_no=self.person_no or assigned_no, name=self.name, **_plain(self))


class PersonChange(_PersonFields, _Coverage):
    """
    What to change of a person: fields that are left out stay, null empties.

    A list (`insured`, `identities`, `barred`) is the whole truth as now known and supersedes what was believed; with
    `as_of` it holds from that day on, and what was known of the days before stays. Superseded entries stay on record.
    """

    person_no: PersonNo | None = None
    name: Name | None = Field(default=None, examples=["张三"])
    id_type: Code | None = None
    as_of: Day | None = Field(default=None, description="The lists given hold from this day on.")

    def values(self) -> dict[str, Any]:
        """The plain fields that were given."""
        given = self.model_fields_set
        plain = {name: value for name, value in _plain(self).items() if name in given}
        return plain | ({"name": self.name} if self.name is not None else {})


def _plain(body: PersonNew | PersonChange) -> dict[str, Any]:
    return {
        "township_code": body.township_code,
        "household_no": body.household_no,
        "id_type": body.id_type or ID_CARD,
        "id_no": body.id_no,
        "social_card_no": body.social_card_no,
        "phone": body.phone,
        "bank_account": body.bank_account.account() if body.bank_account else None,
        "payee": body.payee.payee() if body.payee else None,
        "born_on": body.born_on,
        "died_on": body.died_on,
        "sex": body.sex,
    }


class PayeeOut(WireModel):
    name: str
    relation: str
    id_no: str | None
    phone: str | None
    bank_account: BankAccountOut | None


class IdentityOut(WireModel):
    class_: str = Field(serialization_alias="class")
    valid_from: date | None
    valid_to: date | None
    source: str | None

    @classmethod
    def of(cls, held: Dated[RosterIdentity]) -> Self:
        return cls(
            class_=held.what.identity_class,
            valid_from=held.valid_from,
            valid_to=held.valid_to,
            source=held.what.source or None,
        )


class PersonOut(WireModel):
    """A person as now known. Names and numbers are masked, except for the agency that reads one person."""

    person_no: str
    county_code: str
    township_code: str | None
    household_no: str | None
    name: str
    id_type: str
    id_no: str | None
    social_card_no: str | None
    born_on: date | None
    died_on: date | None
    sex: Sex | None
    phone: str | None
    payee: PayeeOut | None
    bank_account: BankAccountOut | None
    insured: list[PeriodOut]
    identities: list[IdentityOut]
    barred: list[ReasonedPeriodOut]

    @classmethod
    def of(cls, person: Person, coverage: Coverage) -> Self:
        payee = person.payee
        plain = {
            name: getattr(person, name) for name in Person.__dataclass_fields__ if name not in ("payee", "bank_account")
        }
        return cls(
            **plain,
            payee=payee
            and PayeeOut(
                name=payee.name,
                relation=payee.relation,
                id_no=payee.id_no,
                phone=payee.phone,
                bank_account=BankAccountOut.of(payee.bank_account),
            ),
            bank_account=BankAccountOut.of(person.bank_account),
            insured=[PeriodOut(from_=each.valid_from, to=each.valid_to) for each in coverage.insured],
            identities=[IdentityOut.of(each) for each in coverage.identities],
            barred=[
                ReasonedPeriodOut(from_=each.valid_from, to=each.valid_to, reason=each.what.cause)
                for each in coverage.barred
            ],
        )
