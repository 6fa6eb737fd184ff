"""Text as a hostile model or data set writes it, for every place of a report."""

from stages.reports import content, gain, row

from skyassets.stages.reporting.content import AssetCost, ReportContent
from skyassets.stages.reporting.paired_examples import PairedExample, ShownAnswer

ATTACK = (
    "<script>window.ran='script'</script></style></title></pre></textarea></svg></details>"
    "<img src=x onerror=\"window.ran='img'\"><svg onload=\"window.ran='svg'\"><iframe src='http://127.0.0.1:9/i'>"
    "<a href=\"javascript:window.ran='link'\">click</a><link rel=stylesheet href=//127.0.0.1:9/c>"
    "]]> --><!-- \" ' ` ${1} {{ 7*7 }} {% raw %} \u202e\u200b\x00\x1b[31m\r\n| a | b |\n```\n# heading\n"
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/m'>![x](http://127.0.0.1:9/i)"
)


CASES = ((True, ATTACK), (False, ""))


def hostile() -> ReportContent:
    """A report in which every text is an attack."""
    answer = ShownAnswer(ATTACK, 3, ATTACK, ATTACK)
    return ReportContent(
        ATTACK,
        ATTACK,
        content(
            [
                row(ATTACK, "base", "strict accuracy", 0.2, method=ATTACK),
                row(ATTACK, ATTACK, ATTACK, 0.4, method=ATTACK, epoch_name=ATTACK, checkpoint_id=ATTACK),
                row(ATTACK, "student", "strict accuracy", 0.4, unjudged=3),
                row(ATTACK, "base", "completion tokens", 40.0),
                gain(ATTACK, 0.2, 0.001),
                gain(ATTACK, 0.2, 0.001, by="family", part=ATTACK),
                row(ATTACK, "base", "strict accuracy", 0.2, by="family", part=ATTACK),
                row(ATTACK, "base", "strict accuracy", 0.2, by=ATTACK, part=f"2{ATTACK}"),
                row(ATTACK, "student", "strict accuracy", 0.2, by=ATTACK, part=ATTACK),
                row(ATTACK, f"student - {ATTACK}", "strict accuracy", 0.2, p_value=0.1),
            ]
        ).reports,
        models={"base": ATTACK, "student": ATTACK, ATTACK: ATTACK},
        headlines={},
        answered=(ATTACK, ATTACK),
        asset_costs=(AssetCost(ATTACK, 1, 2, 3.0, None),),
        rules=(ATTACK,),
        waterfall={"rewrites": {ATTACK: 3, "b": 2}, ATTACK: {ATTACK: 1, "b": 0}, "kept": {ATTACK: 2, "b": 2}},
        curves={ATTACK: [(1, 2.0), (2, 1.0)]},
        examples=tuple(PairedExample(ATTACK, ATTACK, is_won, ATTACK, truth, answer, answer) for is_won, truth in CASES),
        contaminated={ATTACK: ATTACK},
        tables=((ATTACK, ATTACK),),
    )
