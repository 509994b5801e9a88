"""Kept answers come back byte for byte, whichever way they were kept."""

import zlib
from pathlib import Path

import pytest

from service.access import answers

DICTID = "10f2771a"
BODY = '{"id":"0198c7a4-5c00-7000-8000-000000000001","paid_total":"12279.60","在":"二级医院就诊"}'.encode()


@pytest.mark.parametrize("body", [b"", BODY, BODY * 1_000], ids=["empty", "short", "long"])
def test_an_answer_comes_back_as_it_was(body: bytes) -> None:
    assert answers.decompress(answers.compress(body)) == body


@pytest.mark.parametrize("level", [0, 1, 9])
def test_an_answer_from_before_there_was_a_dictionary_is_read(level: int) -> None:
    assert answers.decompress(zlib.compress(BODY, level)) == BODY


def test_an_answer_that_was_cut_off_is_not_taken_for_one() -> None:
    with pytest.raises(AssertionError):
        answers.decompress(answers.compress(BODY)[:-5])


def test_the_dictionary_is_the_one_that_rows_were_written_with() -> None:
    file = Path(answers.__file__).parent / "1.dict"

    assert f"{zlib.adler32(file.read_bytes()):08x}" == DICTID
    assert answers.compress(BODY)[2:6].hex() == DICTID
