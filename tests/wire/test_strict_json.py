"""JSON with one reading, or none."""

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.wire.refusals import RequestMalformed
from service.wire.strict_json import parse

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_plain_json_is_read_as_everybody_reads_it(value: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value
    assert parse(orjson.dumps(value)) == value


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": 1, "a": 2}', "same key twice"),
        (b'{"a":1,"a":2}', "same key twice"),
        (b'{"a":1,"a":1}', "same key twice"),
        (b'[{"a":1,"b":[{"c":1,"c":1}]}]', "same key twice"),
        (b'{"a":1234567890123456789}', "too large"),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', "same key twice"),
        (b"NaN", "no NaN"),
        (b"[Infinity]", "no NaN and no Infinity"),
        (b"[-Infinity]", "no NaN and no Infinity"),
        (b"1e999", "too large"),
        (b"-1e999", "too large"),
        (b"12345678901234567890", "too large"),
        (b'"a\\u0000b"', "NUL"),
        (b'{"a\\u0000b": 1}', "NUL"),
        (b'["\\ud800"]', "lone surrogate"),
        (b'{"\\udfff": 1}', "lone surrogate"),
        (b'"\x00"', "not valid JSON"),
        (b'"a\nb"', "not valid JSON"),
        (b"{", "line 1, column 2"),
        (b"", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b"[01]", "not valid JSON"),
        (b'"\xff"', "not in UTF-8"),
        (b'"\xed\xa0\x80"', "not in UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "not valid JSON"),
        ('{"a": 1}'.encode("utf-16"), "not in UTF-8"),
        (b"[" * 100 + b"]" * 100, "nests deeper"),
        (b"[" * 200_000, "nests deeper"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nests deeper"),
    ],
)
def test_what_could_be_read_two_ways_or_not_stored_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(RequestMalformed) as refused:
        parse(body)

    assert said in refused.value.detail.en


def test_a_pair_of_surrogates_and_an_escaped_backslash_are_fine() -> None:
    assert parse(b'["\\ud842\\udfb7", "\\\\u0000", "\\\\ud800"]') == ["\U00020bb7", "\\u0000", "\\ud800"]


def test_the_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(RequestMalformed) as refused:
        parse('{"name": "张三", "name": "李四"}'.encode())

    assert "张三" not in str(refused.value) + refused.value.detail.zh


def test_a_bill_of_3000_lines_is_read_at_once() -> None:
    line = {"item_code": "XA01", "item_name": "氯化钠注射液", "unit_price": "20.00", "quantity": "3", "amount": "60.00"}
    body = json.dumps({"fee_lines": [{"line_no": number} | line for number in range(3000)]}).encode()

    began = time.perf_counter()
    parse(body)
    assert time.perf_counter() - began < 0.5
