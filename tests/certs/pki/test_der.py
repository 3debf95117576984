"""DER is written and read back, and what is malformed is refused with one error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.certs.pki import der


@given(st.binary(max_size=300))
def test_what_is_written_is_read_back(content: bytes) -> None:
    element = der.first(der.octets(content))
    assert (element.tag, element.content) == (der.OCTET_STRING, content)


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=6))
def test_an_object_identifier_survives(rest: list[int]) -> None:
    text = ".".join(map(str, [1, 3, *rest]))
    assert der.oid_text(der.first(der.oid(text)).content) == text


@given(st.binary(max_size=60))
def test_hostile_bytes_give_one_kind_of_error(data: bytes) -> None:
    try:
        der.children(data)
    except der.DerError:
        return


@pytest.mark.parametrize("text", ["", "1", "1.", "a.b", "3.1", "1.40", "1..2", "1.2.-3"])
def test_what_is_no_object_identifier_is_refused(text: str) -> None:
    with pytest.raises(der.DerError):
        der.oid(text)


@pytest.mark.parametrize(("year", "tag"), [(2049, der.UTC_TIME), (2050, der.GENERALIZED_TIME)])
def test_times_change_their_form_in_2050(year: int, tag: int) -> None:
    moment = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    element = der.first(der.time(moment))
    assert (element.tag, der.time_of(element)) == (tag, moment)
