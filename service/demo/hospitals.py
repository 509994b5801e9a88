"""The hospitals that the county's people go to, and the insurer's agreements with them."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from service.registers.entries import Agreement, Bar, HospitalTerms
from service.registers.model import AidMode
from service.registers.periods import Dated
from service.words import HospitalLevel, Location

DEMO_HOSPITAL: Final = "H45990100101"
INSURER: Final = "top_up_insurer"
OPENED: Final = date(2018, 1, 1)

TOWNSHIPS: Final = {
    "459901101": "城关镇",
    "459901102": "青山镇",
    "459901103": "白石镇",
    "459901201": "双河乡",
    "459901202": "龙塘乡",
    "459901203": "石桥乡",
}

_TOWNSHIP, _LEVEL2 = HospitalLevel.TOWNSHIP, HospitalLevel.LEVEL2
_CITY_LEVEL, _REGION_LEVEL = HospitalLevel.LEVEL3_CITY, HospitalLevel.LEVEL3_REGION
_COUNTY, _CITY, _REGION, _OUTSIDE = Location.COUNTY, Location.CITY, Location.REGION, Location.OUTSIDE


@dataclass(frozen=True, slots=True)
class Hospital:
    code: str
    terms: tuple[Dated[HospitalTerms], ...]
    suspended: tuple[Dated[Bar], ...] = ()
    agreement: Dated[Agreement] | None = None

    @property
    def name(self) -> str:
        return self.terms[-1].what.name


def _always(
    name: str, level: str, location: str, *, specialist: bool = False, connected: bool = True, aid: str = "on_the_spot"
) -> tuple[Dated[HospitalTerms], ...]:
    return (Dated(HospitalTerms(name, level, location, specialist, connected, aid), None),)


def _agreement(code: str, first: date = OPENED, last: date | None = None) -> Dated[Agreement]:
    return Dated(Agreement(INSURER, code, f"DM-JK-{code}"), first, last)


def _with_agreement(code: str, terms: tuple[Dated[HospitalTerms], ...]) -> Hospital:
    return Hospital(code, terms, agreement=_agreement(code))


def _in_county() -> list[Hospital]:
    promoted = date(2023, 1, 1)
    second = HospitalTerms("示范县第二人民医院", _LEVEL2, _COUNTY)
    third = HospitalTerms("示范县第二人民医院", _CITY_LEVEL, _COUNTY)
    return [
        _with_agreement(DEMO_HOSPITAL, _always("示范县人民医院", _LEVEL2, _COUNTY)),
        _with_agreement("DM-H102", _always("示范县中医医院", _LEVEL2, _COUNTY)),
        _with_agreement("DM-H103", _always("示范县妇幼保健院", _LEVEL2, _COUNTY, specialist=True)),
        _with_agreement(
            "DM-H104",
            _always("示范县精神病医院", _LEVEL2, _COUNTY, specialist=True, aid=AidMode.ON_APPLICATION),
        ),
        Hospital("DM-H105", _always("示范县仁和医院", _LEVEL2, _COUNTY, connected=False)),
        Hospital(
            "DM-H106",
            _always("示范县骨伤医院", _LEVEL2, _COUNTY, specialist=True),
            (Dated(Bar("违规收费，暂停结算"), date(2019, 3, 1), date(2019, 8, 31)),),
            _agreement("DM-H106", date(2018, 4, 1)),
        ),
        Hospital(
            "DM-H107",
            (Dated(second, None, date(2022, 12, 31)), Dated(third, promoted)),
            agreement=_agreement("DM-H107", last=date(2020, 12, 31)),
        ),
        *_clinics(),
    ]


def _clinics() -> list[Hospital]:
    """One in each township: the last but one settles aid on application, the last was connected half a year late."""
    clinics = []
    for number, town in enumerate(TOWNSHIPS.values(), 1):
        code, name = f"DM-T{number:02}", f"示范县{town}{'中心' if town.endswith('镇') else ''}卫生院"
        terms = _always(name, _TOWNSHIP, _COUNTY)
        if number == len(TOWNSHIPS) - 1:
            terms = _always(name, _TOWNSHIP, _COUNTY, aid=AidMode.ON_APPLICATION)
        if number == len(TOWNSHIPS):
            alone = HospitalTerms(name, _TOWNSHIP, _COUNTY, connected=False)
            joined = date(2018, 7, 1)
            terms = (Dated(alone, None, date(2018, 6, 30)), Dated(HospitalTerms(name, _TOWNSHIP, _COUNTY), joined))
        clinics.append(_with_agreement(code, terms))
    return clinics


def _beyond() -> list[Hospital]:
    return [
        Hospital("DM-C01", _always("示范市第一人民医院", _CITY_LEVEL, _CITY)),
        Hospital("DM-C02", _always("示范市肿瘤医院", _CITY_LEVEL, _CITY, specialist=True)),
        Hospital("DM-C03", _always("示范市红棉医院", _LEVEL2, _CITY)),
        Hospital("DM-C04", _always("示范市眼科医院", _LEVEL2, _CITY, specialist=True)),
        Hospital("DM-C05", _always("示范市江北镇卫生院", _TOWNSHIP, _CITY)),
        Hospital("DM-R01", _always("自治区示范人民医院", _REGION_LEVEL, _REGION)),
        Hospital("DM-R02", _always("自治区示范肿瘤医院", _REGION_LEVEL, _REGION, specialist=True)),
        Hospital("DM-R03", _always("邻市第一人民医院", _CITY_LEVEL, _REGION)),
        Hospital("DM-R04", _always("邻市康复医院", _LEVEL2, _REGION, specialist=True)),
        Hospital("DM-R05", _always("邻县河口乡卫生院", _TOWNSHIP, _REGION)),
        Hospital("DM-O01", _always("外省示范大学附属医院", _REGION_LEVEL, _OUTSIDE)),
        Hospital("DM-O02", _always("外省示范市中心医院", _CITY_LEVEL, _OUTSIDE)),
        Hospital("DM-O03", _always("外省示范区医院", _LEVEL2, _OUTSIDE, connected=False)),
        Hospital("DM-O04", _always("外省新村镇卫生院", _TOWNSHIP, _OUTSIDE, connected=False)),
    ]


def hospitals() -> tuple[Hospital, ...]:
    """Every level, seen from every distance."""
    return (*_in_county(), *_beyond())


def referral_targets() -> tuple[str, ...]:
    """Where patients are referred to: what is not in the county and settles at discharge."""
    return tuple(each.code for each in _beyond() if each.terms[-1].what.connected)
