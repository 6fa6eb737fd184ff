"""A model as judge, for references in words that no rule can compare. Its replies are stored as completions.

It is asked only if the graders did not judge a text correct, and sees only the extracted answer. It also has three
verdicts: a missing or unreadable reply leaves the text unjudged, never wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.ports import Judgement, Message, Model, Request, Sampling, Verdict
from skyassets.stages.extraction.thoughts import after_own_thought
from skyassets.stages.grading.judge import Case
from skyassets.stages.sampling.completions import Completer, request
from skyassets.stages.sampling.replies import Replies

LONGEST_ANSWER = 2000
"""Characters; a longer answer is not sent to the judge, and keeps the graders' verdict."""
LONGEST_QUOTE = 60
"""Characters of an unreadable reply that the reason quotes."""
NO_REPLY = "the judge gave no reply"
"""The start of the reason when the judge's server failed; such a text is judged again next time."""

NO_TEXT = "the judge's reply has no text"
"""The start of the reason when its call failed for good; such a text is not judged again."""

_WORDS = re.compile(r"[^\W\d_]{2,}")
_REPLY = re.compile(r"(?:verdict\s*[:=]\s*)?\W*(correct|wrong|unsure)\W*", re.IGNORECASE)


@dataclass(frozen=True)
class ModelJudge:
    """The model that judges what the graders cannot, and its prompt."""

    identity_name: ClassVar[str] = "ModelJudge"
    model: Model
    system: str
    prompt: str
    """The user message, with {question}, {ground_truth} and {answer}; it asks for `correct`, `wrong` or `unsure`."""
    sampling: Sampling
    seed: int
    domains: tuple[str, ...] = ("science", "puzzle")


@dataclass(frozen=True)
class SecondOpinion:
    """The judge's verdicts on the cases that it was asked about."""

    judgements: Mapping[Case, Judgement]
    failed: int
    """Cases on which its server failed."""
    metadata: dict[str, object]


def is_free_text(reference: str) -> bool:
    """Whether a reference is natural language, which rules cannot compare: two or more words, and no LaTeX."""
    return "\\" not in reference and len(_WORDS.findall(reference)) >= 2


def second_opinion(
    questions: Mapping[Case, str], judged: Mapping[Case, Judgement], judge: ModelJudge, completer: Completer
) -> SecondOpinion:
    """The judge's verdicts on those of the `judged` cases that it has to decide.

    Raises:
        ServerError, BudgetError: when the judge cannot be asked; the replies received before are kept.
    """
    requests = {
        case: judge_request(questions[case], str(case.ground_truth), str(judgement.answer), judge)
        for case, judgement in judged.items()
        if _needs_judge(case, judgement, judge)
    }
    if not requests:
        return SecondOpinion({}, 0, {})
    replies = completer.complete(judge.model, list(requests.values()))
    judgements = {case: _judgement(each, judged[case], judge, replies) for case, each in requests.items()}
    failed = sum(judgement.reason.startswith(NO_REPLY) for judgement in judgements.values())
    return SecondOpinion(judgements, failed, {"sent to the judge": len(judgements), **replies.metadata})


def _needs_judge(case: Case, judgement: Judgement, judge: ModelJudge) -> bool:
    answer, reference = judgement.answer, case.ground_truth
    return (
        case.domain in judge.domains
        and judgement.verdict is not Verdict.CORRECT
        and answer is not None
        and len(answer) <= LONGEST_ANSWER
        and reference is not None
        and is_free_text(reference)
    )


def judge_request(question: str, ground_truth: str, answer: str, judge: ModelJudge) -> Request:
    """The request for the judge's verdict on an extracted answer."""
    parts = {"question": question, "ground_truth": ground_truth, "answer": answer}
    # Replace in one pass, so that braces in a question or an answer are not treated as fields.
    user = re.sub(r"\{(question|ground_truth|answer)\}", lambda field: parts[field[1]], judge.prompt)
    system = (Message("system", judge.system),) if judge.system else ()
    return request(judge.model, (*system, Message("user", user)), judge.sampling, judge.seed)


def _judgement(sent: Request, before: Judgement, judge: ModelJudge, replies: Replies) -> Judgement:
    backend = f"judge {judge.model}"
    reply = replies.completions.get(sent.id)
    if reply is None:
        why = f"{NO_TEXT if sent.id in replies.final else NO_REPLY}: {replies.errors.get(sent.id)}"
        return Judgement(Verdict.UNJUDGED, why, before.answer, backend)
    text = after_own_thought(str(reply["text"]))
    match = _REPLY.fullmatch(text.strip())
    if match is None:
        quoted = " ".join(text.split())[:LONGEST_QUOTE]
        return Judgement(Verdict.UNJUDGED, f"the judge's reply is no verdict: {quoted!r}", before.answer, backend)
    verdict = {"correct": Verdict.CORRECT, "wrong": Verdict.WRONG, "unsure": Verdict.UNJUDGED}[match[1].lower()]
    return Judgement(verdict, f"the judge says {match[1].lower()}", before.answer, backend)
