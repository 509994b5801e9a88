"""Each wire type: what it reads, what it becomes, what it refuses; and its JSON schema agrees."""

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from service.money import Fen
from service.wire.types import (
    Code,
    Count,
    CountyCode,
    Day,
    Flag,
    Id,
    Line,
    Name,
    Note,
    Quantity,
    QuantityOut,
    RatioOut,
    RatioText,
    UnitPrice,
    UnitPriceOut,
    WireModel,
    Yuan,
    YuanNotNegative,
    YuanOut,
)

READS: list[tuple[Any, str, Any]] = [
    (Yuan, "1234.50", 123450),
    (Yuan, "-0.01", -1),
    (Yuan, "0.00", 0),
    (Yuan, "999999999999.99", 99999999999999),
    (YuanNotNegative, "0.05", 5),
    (UnitPrice, "20.00", 20_000_000),
    (UnitPrice, "0.123456", 123_456),
    (UnitPrice, "7", 7_000_000),
    (Quantity, "300", 3_000_000),
    (Quantity, "-1.5", -15_000),
    (Quantity, "0.0001", 1),
    (RatioText, "0.90", 900_000),
    (RatioText, "1", 1_000_000),
    (RatioText, "1.000000", 1_000_000),
    (RatioText, "0.333333", 333_333),
    (Day, "2018-06-01", date(2018, 6, 1)),
    (Day, "2020-02-29", date(2020, 2, 29)),
    (Code, "I10.x00", "I10.x00"),
    (Code, "A18.005+G01*", "A18.005+G01*"),
    (Name, "氯化钠注射液 0.9%", "氯化钠注射液 0.9%"),
    (Name, "张", "张"),
    (Name, "阿卜杜拉·买买提", "阿卜杜拉·买买提"),
    (Name, "𠮷田", "𠮷田"),
    (Line, "转诊", "转诊"),
    (Note, "", ""),
    (Note, "第一行\n第二行", "第一行\n第二行"),
    (CountyCode, "459901", "459901"),
    (Id, "0198c7a4-5c00-7000-8000-000000000001", UUID("0198c7a4-5c00-7000-8000-000000000001")),
]

REFUSES: list[tuple[Any, Any]] = [
    *(
        (Yuan, value)
        for value in ("1", "1.5", "1.234", "01.00", "1e2", ".50", "+1.00", "1,000.00", "", " 1.00", "1.00\n")
    ),
    *((Yuan, value) for value in (100, 1.5, None, True, ["1.00"], "1234567890123.00", "１.００", "NaN", "一元")),
    (YuanNotNegative, "-0.01"),
    *((UnitPrice, value) for value in ("-1", "1.1234567", "1.", 5, "1234567890")),
    *((Quantity, value) for value in ("1.00001", "--1", "", 300)),
    *((RatioText, value) for value in ("1.01", "1.000001", "-0.1", "90%", 0.9, ".9", "0.9999999")),
    *((Day, value) for value in ("2018-6-1", "20180601", "2018-02-29", "2018-06-31", "1899-12-31", "3000-01-01")),
    *((Day, value) for value in ("2018-06-01T00:00:00", 1527811200, "0000-00-00", "9999-12-31", "２０１８-06-01")),
    *((Code, value) for value in ("", "a b", "张", "a\x00", "a\n", "x" * 65, 5)),
    *((Name, value) for value in ("", " ", " a", "a ", "a\x00b", "a\tb", "a\nb", "x" * 201, "a\u202eb", "\ufeffa", 5)),
    *((Note, value) for value in ("a\x00", "a\x1b", "x" * 4001, None)),
    *((CountyCode, value) for value in ("45990", "4599011", "４５９９０１", 459901)),
    *((Id, value) for value in ("0198C7A4-5C00-7000-8000-000000000001", "0198c7a45c0070008000000000000001", "x", 7)),
    *((Count, value) for value in ("1", 1.0, 1.5, True, -1, 10**9, None)),
    *((Flag, value) for value in ("true", 1, 0, None)),
]


@pytest.mark.parametrize(("kind", "text", "value"), READS)
def test_what_is_read_becomes_its_value_and_is_written_back(kind: Any, text: str, value: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    assert adapter.validate_python(text) == value
    assert adapter.validate_python(adapter.dump_python(value, mode="json")) == value


@pytest.mark.parametrize(("kind", "value"), REFUSES)
def test_what_is_spelled_otherwise_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, text, _ in READS])
def test_the_json_schema_allows_what_is_read(kind: Any, text: str) -> None:
    schema = TypeAdapter(kind).json_schema()

    assert re.search(schema["pattern"], text)
    assert all(re.search(schema["pattern"], example) for example in schema["examples"])


@pytest.mark.parametrize(("kind", "value"), [pair for pair in REFUSES if isinstance(pair[1], str)])
def test_the_json_schema_refuses_what_is_refused(kind: Any, value: str) -> None:
    schema = TypeAdapter(kind).json_schema()
    of_the_calendar = schema.get("format") == "date" and value in ("2018-02-29", "2018-06-31")

    fits = "pattern" in schema and re.search(schema["pattern"].replace("$", r"\Z"), value) is not None
    assert not fits or of_the_calendar


class Answer(WireModel):
    amount: YuanOut
    price: UnitPriceOut
    quantity: QuantityOut
    ratio: RatioOut


def test_an_answer_is_written_from_whole_numbers() -> None:
    answer = Answer.model_validate({"amount": -5, "price": 20_000_000, "quantity": 15_000, "ratio": 900_000})

    assert answer.model_dump(mode="json") == {"amount": "-0.05", "price": "20.00", "quantity": "1.5", "ratio": "0.90"}
    schema = Answer.model_json_schema(mode="serialization")
    assert schema["properties"]["amount"]["type"] == "string"


@pytest.mark.parametrize("amount", ["5.00", 5.0, True])
def test_an_answer_takes_nothing_but_whole_numbers(amount: Any) -> None:
    with pytest.raises(ValidationError):
        Answer.model_validate({"amount": amount, "price": 0, "quantity": 0, "ratio": 0})


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Answer.model_validate({"amount": 1, "price": 0, "quantity": 0, "ratio": 0, "ammount": 1})


@given(st.integers(min_value=-(10**14) + 1, max_value=10**14 - 1))
def test_every_amount_survives_the_wire(amount: int) -> None:
    written = TypeAdapter(YuanOut).dump_python(Fen(amount), mode="json")

    assert TypeAdapter(Yuan).validate_python(written) == amount


@given(st.text())
def test_no_text_that_a_database_cannot_store_gets_in(text: str) -> None:
    for kind in (Name, Line, Note, Code):
        try:
            read = TypeAdapter(kind).validate_python(text)
        except ValidationError:
            continue
        assert "\x00" not in read
