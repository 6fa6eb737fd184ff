"""What forbids to publish: licences by their own words, and a report of other weights."""

from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.publishing.licences import LICENCES, UNKNOWN, terms
from skyassets.stages.publishing.release_checks import Under, forbidden, taken, title, to_be_known, wrong_report

NAMES = st.sampled_from([each.name for each in LICENCES] + ["house rules", "", None])
MANY = st.lists(st.builds(Under, st.just("rows of the data set"), NAMES, st.integers(1, 9)), max_size=6)


@given(MANY)
def test_every_licence_that_forbids_is_told_once_and_no_other(many: list[Under]) -> None:
    wanted = {each.licence or UNKNOWN for each in many if not terms(each.licence).allows}
    assert len(forbidden(many, ())) == len(wanted)


@given(MANY)
def test_accepting_each_licence_opens_the_way_and_is_recorded(many: list[Under]) -> None:
    names = {each.licence or UNKNOWN for each in many}
    assert forbidden(many, names) == []
    assert set(taken(many, names)) == {name for name in names if not terms(name).allows}


def test_rows_are_counted_and_the_way_out_is_named() -> None:
    many = [Under("rows of the data set", "cc-by-nc-4.0", 1_200), Under("the base, tiny", "")]
    assert forbidden(many, ["CC-BY-NC-3.0"]) == [
        "CC-BY-NC-4.0 allows no commercial use: 1,200 rows of the data set; if you may publish it, say so: "
        "--accept-licence CC-BY-NC-4.0",
        "nobody states the licence of the base, tiny; if you may publish it, say so: --accept-licence unknown",
    ]


def test_a_name_with_spaces_is_quoted_for_the_shell() -> None:
    (told,) = forbidden([Under("rows", "see the data set", 3)], ())
    assert told.endswith("--accept-licence 'see the data set'")


def test_sharing_alike_is_told_where_licences_are_mixed() -> None:
    alone = [Under("rows", "CC-BY-SA-4.0", 3)]
    assert to_be_known(alone) == []
    (told,) = to_be_known([*alone, Under("rows", "MIT", 3)])
    assert "CC-BY-SA-4.0 asks that what is made from it is passed on under the same licence: 3 rows" in told


def test_a_report_is_of_these_weights_or_wrong() -> None:
    assert wrong_report(["abc"], "abc") == ""
    assert "is on the checkpoint old" in wrong_report(["old"], "abc")
    assert "is on the checkpoint old" in wrong_report(["abc", "old"], "abc")
    assert "names no checkpoint" in wrong_report([], "abc")


def test_the_commit_names_the_data_versions() -> None:
    assert (
        title({"sft_dataset": "a" * 32, "checkpoint": "b" * 32})
        == f"skyassets: sft_dataset {'a' * 12}, checkpoint {'b' * 12}"
    )
