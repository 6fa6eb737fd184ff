"""Audits: the numbers that describe a table, and when they are a warning."""

import polars as pl
import pytest

from skyassets.core.tables.declarations import ANSWERS, ASSET_TABLES, EXAMPLES, PROBLEMS, VERDICTS
from skyassets.stages.curation.audits import AUDITS


def test_every_audit_looks_at_columns_that_its_table_has() -> None:
    tables = {table.name: table for table in ASSET_TABLES}
    for name, audits in AUDITS.items():
        for audit in audits:
            assert set(audit.columns) <= set(tables[name].columns)


@pytest.mark.parametrize(("aside", "passed"), [(0, True), (1, True), (2, False), (10, False)])
def test_more_than_a_tenth_of_the_problems_set_aside_is_a_warning(aside: int, passed: bool) -> None:
    audit = AUDITS[PROBLEMS.name][0](pl.DataFrame({"set_aside": ["no answer"] * aside + [None] * (10 - aside)}))
    assert audit.passed is passed
    assert (audit.numbers["problems"], audit.numbers["set aside"]) == (10, aside)


def test_no_problem_at_all_is_a_warning() -> None:
    assert not AUDITS[PROBLEMS.name][0](pl.DataFrame({"set_aside": []}, schema={"set_aside": pl.String})).passed


def test_unjudged_verdicts_are_counted_with_their_commonest_reason() -> None:
    rows = pl.DataFrame(
        {
            "verdict": ["correct"] * 17 + ["unjudged"] * 3,
            "reason": ["equals"] * 17 + ["timeout", "timeout", "no answer"],
        }
    )
    audit = AUDITS[VERDICTS.name][0](rows)
    assert not audit.passed
    assert audit.numbers == {
        "correct": 17, "wrong": 0, "unjudged": 3, "share unjudged": 0.15, "most often": "timeout (2 times)",
    }  # fmt: skip
    assert AUDITS[VERDICTS.name][0](rows.head(17)).passed


def test_answers_report_what_was_cut_and_what_is_missing() -> None:
    rows = pl.DataFrame(
        {
            "lenient": ["correct", "wrong"],
            "lenient_reason": ["equals", "differs"],
            "finish_reason": ["stop", "length"],
            "error": [None, None],
        },
        schema_overrides={"error": pl.String},
    )
    numbers = AUDITS[ANSWERS.name][0](rows).numbers
    assert (numbers["cut by the token limit"], numbers["without an answer"]) == (1, 0)


def test_a_model_without_an_answer_is_named_with_its_reason() -> None:
    rows = pl.DataFrame({"role": ["base", "rival", "base", "rival"], "error": [None, "402: no credit"] * 2})
    _, audit = AUDITS[ANSWERS.name]
    seen = audit(rows)
    assert not seen.passed
    assert "none of the 2 answers of rival can be used: 2 times '402: no credit'" in str(
        seen.numbers["why rival has none"]
    )
    assert audit(rows.filter(role="base")).passed
    partly = pl.concat([rows, pl.DataFrame({"role": ["rival"], "error": [None]}, schema=rows.schema)])
    assert audit(partly).passed


def test_a_row_dropped_without_evidence_is_unexplained() -> None:
    rows = pl.DataFrame(
        {
            "dropped_by": [None, "too long", "too long"],
            "evidence": [None, "600 tokens", None],
            "example_tokens": [12, None, None],
        }
    )
    audit = AUDITS[EXAMPLES.name][0](rows)
    assert not audit.passed
    assert audit.numbers["unexplained"] == 1
    assert AUDITS[EXAMPLES.name][0](rows.head(2)).passed
