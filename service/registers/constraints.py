"""Constraints of the database that a caller can run into are refusals, never a 500."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import IntegrityError

from service.registers.cards.refusals import CardExists
from service.registers.refusals import (
    AgreementOverlap,
    BarOverlap,
    CatalogueOverlap,
    HospitalExists,
    HospitalUnknown,
    IdentityOverlap,
    InsuredOverlap,
    LocationTwice,
    PersonExists,
    PersonUnknown,
    ReferralExists,
    RegisterRefusal,
    SuspensionOverlap,
)

BY_CONSTRAINT: Final[dict[str, type[RegisterRefusal]]] = {
    "pk_persons": PersonExists,
    "pk_person_keys": PersonExists,
    "uq_person_keys_person_no": PersonExists,
    "ex_insured_periods_overlap": InsuredOverlap,
    "ex_identities_overlap": IdentityOverlap,
    "ex_barred_periods_overlap": BarOverlap,
    "pk_hospitals": HospitalExists,
    "ex_hospital_suspensions_overlap": SuspensionOverlap,
    "ex_hospital_locations_overlap": LocationTwice,
    "ex_agreements_overlap": AgreementOverlap,
    "ex_referrals_overlap": ReferralExists,
    "uq_referrals_current": ReferralExists,
    "ex_chronic_cards_overlap": CardExists,
    "ex_catalogue_items_overlap": CatalogueOverlap,
    "fk_referrals_persons": PersonUnknown,
    "fk_chronic_cards_persons": PersonUnknown,
    "fk_agreements_hospitals": HospitalUnknown,
    "fk_referrals_hospitals": HospitalUnknown,
    "fk_chronic_cards_hospitals": HospitalUnknown,
}


@contextmanager
def constraints_answered() -> Iterator[None]:
    """Turn the violation of a constraint that a caller can run into into its refusal; the transaction is over."""
    try:
        yield
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
        refusal = BY_CONSTRAINT.get(name or "")
        if refusal is None:
            raise
        raise refusal() from error
