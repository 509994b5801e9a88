"""On which account a person's money goes: checked before it is ordered, not by the bank afterwards."""

from typing import Final, NamedTuple

from service.claims.query_code import check_digit
from service.payouts.batches.model import Why
from service.registers.entries import BankAccount, Person

_LENGTHS: Final = range(16, 20)


class Account(NamedTuple):
    """An account that can be paid to. `relation`: what its holder is to the insured, where it is not them."""

    account: BankAccount
    relation: str | None


def account_of(person: Person) -> Account | Why:
    """
    The account for a person's money: that of the registered payee (guardian, heir) where there is one, else their own.

    An account of somebody else is only paid to where the register says who that is and why. Nothing goes on the
    account of the dead.
    """
    payee = person.payee
    if payee is not None and payee.bank_account is not None:
        return _checked(payee.bank_account, payee.name, payee.relation)
    if person.bank_account is None:
        return Why.NO_ACCOUNT
    if payee is not None and person.bank_account.holder == payee.name != person.name:
        return _checked(person.bank_account, payee.name, payee.relation)
    if person.died_on is not None:
        return Why.DECEASED
    return _checked(person.bank_account, person.name, None)


def _checked(account: BankAccount, holder: str, relation: str | None) -> Account | Why:
    if account.holder != holder:
        return Why.OTHER_HOLDER
    return Account(account, relation) if is_account_number(account.number) else Why.ACCOUNT_INVALID


def is_account_number(number: str) -> bool:
    """Whether a number can be that of a bank account: 16 to 19 digits, of which the last checks the others (Luhn)."""
    digits = number.isascii() and number.isdigit()
    return digits and len(number) in _LENGTHS and number[-1] == check_digit(number[:-1])
