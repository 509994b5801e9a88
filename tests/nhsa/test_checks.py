"""Inputs in one spelling, whatever the client's library makes of them."""

import json
from typing import Any
from uuid import uuid4

import pytest

from service.nhsa.checks import checked, plain
from service.nhsa.model import long, short
from service.nhsa.profiles import profiles
from service.nhsa.reading import Body, envelope_of
from service.nhsa.reference import reference
from service.nhsa.refusals import InputInvalid, NotUnderstood
from tests.nhsa.his import as_text, complete


def right(infno: str, **nodes: Any) -> Any:
    """A complete input as it is read: every scalar is text."""
    return as_text(json.dumps(complete(infno, nodes)))


HUNAN, LENIENT = profiles()["hunan-1.1.27"], profiles()["lenient"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("6000", "6000"), ("6000.00", "6000"), ("-25.10", "-25.1"), ("1e3", "1000"), (".5", "0.5"), ("-0.00", "0")],
)
def test_a_number_has_one_spelling(text: str, number: str) -> None:
    assert plain(text) == number


@pytest.mark.parametrize("text", ["6,000", "1_000", "１２", "NaN", "Infinity", "1e999", "", "12a", "0x10"])
def test_what_could_be_read_two_ways_is_no_number(text: str) -> None:
    assert plain(text) is None


def test_a_required_field_is_asked_for_by_name_and_label() -> None:
    asked = right("2304")
    del asked["data"]["psn_name"]

    with pytest.raises(InputInvalid) as refused:
        checked(reference()["2304"], asked, HUNAN)
    assert "psn_name（人员姓名）" in refused.value.detail.zh
    assert checked(reference()["2304"], asked, LENIENT)["data"]["psn_no"] == "1"


def test_codes_are_checked_and_mended_by_the_profile() -> None:
    asked = right("1101", data={"psn_cert_type": "1", "mdtrt_cert_type": "02"})
    assert checked(reference()["1101"], asked, HUNAN)["data"]["psn_cert_type"] == "01"
    asked["data"]["mdtrt_cert_type"] = "88"

    with pytest.raises(InputInvalid):
        checked(reference()["1101"], asked, HUNAN)
    assert checked(reference()["1101"], asked, LENIENT)["data"]["mdtrt_cert_type"] == "88"


def test_one_object_where_rows_are_meant_and_rows_of_one_where_an_object_is() -> None:
    row = right("2301")["feedetail"][0] | {"cnt": "1", "pric": "1", "det_item_fee_sumamt": "1"}

    assert len(checked(reference()["2301"], {"feedetail": row}, HUNAN)["feedetail"]) == 1
    data = right("2305")["data"]
    assert checked(reference()["2305"], {"data": [data]}, HUNAN)["data"] == data
    with pytest.raises(InputInvalid, match="Correct"):
        checked(reference()["2305"], {"data": [data, data]}, HUNAN)


def test_days_come_in_many_spellings() -> None:
    for text in ("2018-06-01 08:00:00", "2018-06-01", "20180601", "2018/06/01 08:00:00", "2018-06-01T08:00:00.000"):
        asked = right("2402", dscginfo={"endtime": text})
        assert checked(reference()["2402"], asked, HUNAN)["dscginfo"]["endtime"].startswith("2018-06-01 0")
    for text in ("2018-02-30", "1 June 2018", "2018-06-01 25:00:00"):
        with pytest.raises(InputInvalid):
            checked(reference()["2402"], right("2402", dscginfo={"endtime": text}), HUNAN)


def test_empty_is_what_says_null_and_keys_come_in_any_case() -> None:
    text = '{"INFNO": "1101", "dev_no": "null", "Input": "{\\"data\\": {\\"PSN_NO\\": \\"1\\", \\"card_sn\\": null}}"}'

    envelope = envelope_of(Body(text), None)

    assert envelope.header == {"infno": "1101"}
    assert envelope.input == {"data": {"psn_no": "1"}}


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"input": 1, "input": 2}', '{"input": [1]}', '{"a": NaN}', '{"a": "\\u0000"}', '{"a":' * 9999]
)
def test_what_has_no_one_reading_is_not_understood(text: str) -> None:
    with pytest.raises(NotUnderstood):
        envelope_of(Body(text), None)


def test_the_address_and_the_envelope_must_name_the_same_transaction() -> None:
    assert envelope_of(Body("{}"), "1101").infno == "1101"
    with pytest.raises(NotUnderstood):
        envelope_of(Body('{"infno": "2304"}'), "1101")


def test_a_short_id_is_its_uuid() -> None:
    for _ in range(100):
        number = uuid4()
        assert long(short(number)) == number
    assert long("x") is None
    assert long("Z" * 26) is None
    assert long("U" * 26) is None
