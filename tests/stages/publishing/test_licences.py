"""Licences: all spellings of one are recognised, and an unknown licence allows nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.publishing.licences import LICENCES, UNKNOWN, LicenceTerms, on_hub, spelled, terms

KNOWN = {name.lower() for each in LICENCES for name in (each.name, each.on_hub, *each.also)}


@given(st.text(max_size=30).filter(lambda name: " ".join(name.split()).lower() not in KNOWN))
def test_an_unlisted_licence_allows_nothing(name: str) -> None:
    assert not terms(name).allows
    assert on_hub(name) == ""
    assert spelled(name) == (" ".join(name.split()) or UNKNOWN)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_spelling_means_one_licence_in_any_case(name: str) -> None:
    spellings = {spelled(each) for each in (name, name.upper(), f" {name} ", spelled(name), on_hub(name))}
    assert spellings == {spelled(name)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cc0-1.0", LicenceTerms.UNCONDITIONAL),
        ("apache-2.0", LicenceTerms.ATTRIBUTION),
        ("CC-BY-SA-4.0", LicenceTerms.SHARE_ALIKE),
        ("cc-by-nc-sa-4.0", LicenceTerms.NON_COMMERCIAL),
        ("CC-BY-ND-4.0", LicenceTerms.NO_DERIVATIVES),
        ("llama3.1", LicenceTerms.CUSTOM),
        ("see the data set", LicenceTerms.UNKNOWN),
        ("unknown", LicenceTerms.UNKNOWN),
        (None, LicenceTerms.UNKNOWN),
    ],
)
def test_the_terms_of_licences(name: str | None, expected: LicenceTerms) -> None:
    assert terms(name) is expected


def test_no_spelling_means_two_licences() -> None:
    every = [name.lower() for each in LICENCES for name in {each.name.lower(), each.on_hub, *each.also}]
    assert len(every) == len(set(every))
