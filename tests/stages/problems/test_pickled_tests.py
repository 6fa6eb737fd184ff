import base64
import os
import pickle
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.problems import pickled_tests
from skyassets.stages.problems.pickled_tests import unpacked


def packed(value: object, protocol: int = pickle.DEFAULT_PROTOCOL) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value, protocol))).decode()


class Caller:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/was-run",)


@given(st.text(), st.integers(min_value=2, max_value=5))
def test_a_packed_text_is_unpacked_unchanged(text: str, protocol: int) -> None:
    assert unpacked(packed(text, protocol)) == text
    assert unpacked(packed({"a name of its own": text}, protocol)) == text


@pytest.mark.parametrize("value", [Caller(), print, {"a": print}, b"bytes", ["a"], 3, None, {"a": Caller()}])
def test_a_pickle_that_holds_more_than_text_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="the pickle holds"):
        unpacked(packed(value))


@pytest.mark.parametrize("text", ["", "no base 64", "aGVsbG8=", base64.b64encode(zlib.compress(b"")).decode()])
def test_text_in_another_packing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpacked(text)


@given(st.binary())
def test_any_bytes_are_unpacked_or_refused(data: bytes) -> None:
    for form in (data, zlib.compress(data)):
        try:
            unpacked(base64.b64encode(form).decode())
        except ValueError:
            continue


def test_text_that_unpacks_to_too_many_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickled_tests, "MOST_BYTES", 10**6)
    with pytest.raises(ValueError, match="unfolds into too much"):
        unpacked(packed("x" * 10**7))


def test_a_cut_off_text_is_refused() -> None:
    whole = base64.b64decode(packed("some text" * 99))
    with pytest.raises(ValueError, match="cut off"):
        unpacked(base64.b64encode(whole[:-9]).decode())
