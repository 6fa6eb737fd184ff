"""What a verdict becomes in a benchmark."""

import pytest

from skyassets.core.ports import Judgement, Verdict
from skyassets.stages.evaluation.answers import in_a_benchmark


@pytest.mark.parametrize(
    ("verdict", "reason", "expected"),
    [
        (Verdict.UNJUDGED, "no stated result: words that reading does not decide", Verdict.WRONG),
        (Verdict.UNJUDGED, "ungradable: words that reading does not decide", Verdict.UNJUDGED),
        (Verdict.UNJUDGED, "time limit", Verdict.UNJUDGED),
        (Verdict.CORRECT, "equals the reference", Verdict.CORRECT),
    ],
)
def test_only_a_text_without_a_result_is_wrong_instead_of_unjudged(
    verdict: Verdict, reason: str, expected: Verdict
) -> None:
    before = Judgement(verdict, reason, "4", "exact")
    after = in_a_benchmark(before)
    assert after.verdict is expected
    assert after == before if verdict is expected else after.reason.startswith("no answer found: ")
