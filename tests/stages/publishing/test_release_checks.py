"""What prevents publishing: forbidding licences, and a report of other weights."""

from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.publishing.licences import LICENCES, UNKNOWN, terms
from skyassets.stages.publishing.release_checks import (
    LicensedContent,
    commit_title,
    forbidden,
    report_mismatch,
    share_alike_notes,
    used_acceptances,
)

NAMES = st.sampled_from([each.name for each in LICENCES] + ["house rules", "", None])
MANY = st.lists(st.builds(LicensedContent, st.just("rows of the data set"), NAMES, st.integers(1, 9)), max_size=6)


@given(MANY)
def test_every_forbidding_licence_is_reported_once_and_no_other(many: list[LicensedContent]) -> None:
    wanted = {each.licence or UNKNOWN for each in many if not terms(each.licence).allows}
    assert len(forbidden(many, ())) == len(wanted)


@given(MANY)
def test_accepting_each_licence_allows_publishing_and_is_recorded(many: list[LicensedContent]) -> None:
    names = {each.licence or UNKNOWN for each in many}
    assert forbidden(many, names) == []
    assert set(used_acceptances(many, names)) == {name for name in names if not terms(name).allows}


def test_rows_are_counted_and_the_remedy_is_named() -> None:
    many = [LicensedContent("rows of the data set", "cc-by-nc-4.0", 1_200), LicensedContent("the base, tiny", "")]
    assert forbidden(many, ["CC-BY-NC-3.0"]) == [
        "CC-BY-NC-4.0 forbids commercial use: 1,200 rows of the data set; if you may publish it, pass "
        "--accept-licence CC-BY-NC-4.0",
        "the licence of the base, tiny is unknown; if you may publish it, pass --accept-licence unknown",
    ]


def test_a_name_with_spaces_is_quoted_for_the_shell() -> None:
    (message,) = forbidden([LicensedContent("rows", "see the data set", 3)], ())
    assert message.endswith("--accept-licence 'see the data set'")


def test_share_alike_is_reported_where_licences_are_mixed() -> None:
    alone = [LicensedContent("rows", "CC-BY-SA-4.0", 3)]
    assert share_alike_notes(alone) == []
    (message,) = share_alike_notes([*alone, LicensedContent("rows", "MIT", 3)])
    assert "CC-BY-SA-4.0 requires the same licence for derived works: 3 rows" in message


def test_a_report_of_other_weights_is_refused() -> None:
    assert report_mismatch(["abc"], "abc") == ""
    assert "is on the checkpoint old" in report_mismatch(["old"], "abc")
    assert "is on the checkpoint old" in report_mismatch(["abc", "old"], "abc")
    assert "names no checkpoint" in report_mismatch([], "abc")


def test_the_commit_names_the_data_versions() -> None:
    assert (
        commit_title({"sft_dataset": "a" * 32, "checkpoint": "b" * 32})
        == f"skyassets: sft_dataset {'a' * 12}, checkpoint {'b' * 12}"
    )
