"""Secrets: found in our own text and in a model's, and never repeated whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.publishing.secret_scan import PrivateStrings, leaks

KEY = "correct-horse-battery"
PRIVATE = PrivateStrings(
    secrets={KEY: "the key of teacher"},
    folders={"/srv/big/data": "the data folder"},
    names={"ada": "the name of its user"},
)
TOKEN = "hf_" + "aB3" * 12
AROUND = st.text(st.sampled_from('ab /\\"{}<>\n.:-'), max_size=20)


@given(AROUND, AROUND, st.booleans())
def test_a_secret_is_found_at_any_place_and_is_not_repeated(before: str, after: str, is_ours: bool) -> None:
    assert "the key of teacher" in leaks(f"{before}{KEY}{after}", PRIVATE, is_ours)
    assert not any(KEY in report for report in leaks(f"{before}{KEY}{after}", PRIVATE, is_ours))


@pytest.mark.parametrize(
    "secret",
    [TOKEN, "sk-" + "x1" * 12, "ghp_" + "a" * 36, "AKIA" + "A1" * 8, "-----BEGIN RSA PRIVATE KEY-----"],
)
def test_keys_are_known_by_their_form(secret: str) -> None:
    (report,) = leaks(f'"token": "{secret}"', PrivateStrings(), is_ours=False)
    assert secret not in report


def test_a_folder_of_this_machine_is_found_in_any_text() -> None:
    assert leaks("see /srv/big/data/x", PRIVATE, is_ours=False) == ["the data folder, /srv/big/data"]


@pytest.mark.parametrize(
    "text",
    [
        '"base": "/home/eve/models/x"',
        "C:\\Users\\eve\\x",
        "served by 192.168.1.4",
        "by ada.",
        "http://localhost:8000/v1",
    ],
)
def test_a_machine_may_be_named_in_a_models_text_and_not_in_our_own(text: str) -> None:
    assert leaks(text, PRIVATE, is_ours=True)
    assert not leaks(text, PRIVATE, is_ours=False)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/home/eve",
        "report/data/x",
        "./tmp/x",
        "Nevada and adamant",
        "1.10.2.3 is a version",
        "AI-MO/NuminaMath-CoT",
        "either/or",
    ],
)
def test_ordinary_words_may_be_published(text: str) -> None:
    assert leaks(text, PRIVATE, is_ours=True) == []
