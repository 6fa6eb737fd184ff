"""Every column, defined once: name, type and meaning. Tables are made of these."""

from dataclasses import dataclass
from functools import partial

import polars as pl

MESSAGE = pl.Struct({"role": pl.String(), "content": pl.String()})
TURN = pl.Struct({"from": pl.String(), "value": pl.String()})


@dataclass(frozen=True)
class Column:
    """A column's type and meaning. `measured` values (clocks) describe a run and are not part of the content."""

    type: pl.DataType
    meaning: str
    measured: bool = False


_TYPES = (pl.String(), pl.Int64(), pl.Float64(), pl.List(pl.String()))
_text, _whole, _real, _texts = (partial(Column, type) for type in _TYPES)

COLUMNS: dict[str, Column] = {
    # problems
    "problem_id": _text("Digest of what a problem states: source, domain, question, ground truth, tests and so on."),
    "source": _text("Where the problem comes from: a generator, a file, a data set on the hub."),
    "name": _text("The problem's own name or position within its source."),
    "family": _text("The kind of problem within its source: a generator's family, a subset, a subject."),
    "domain": _text("maths, code, puzzle or science; decides the prompt and the grader."),
    "question": _text("The question, as the source states it."),
    "ground_truth": _text("The right final answer; for code, null."),
    "tests": _text("For code: JSON of the test cases (fn_name, inputs, outputs); otherwise null."),
    "starter_code": _text("For code: code that the answer must start from; otherwise null."),
    "references": _texts(
        "For code: reference solutions, at most three, one of which passes all tests; null for none.",
    ),
    "difficulty": _real("Difficulty from 1 to 10 on the AoPS scale; null if unrated."),
    "level": _text("The source's own difficulty level (easy, medium, hard, 1 to 5); null if it has none."),
    "licence": _text("The licence the problem was published under (SPDX where there is one)."),
    "benchmark": _text("The benchmark this held-out problem belongs to."),
    "imported_trace": _text("A ready-made trace that came with the problem; null if the teacher is used."),
    "set_aside": _text("Why the problem is not used; null if it is."),
    # completions
    "completion_id": _text("Digest of everything that determines a completion: model, messages, sampling, seed."),
    "request": _text("JSON of everything that determines the completion; its digest is the id."),
    "model": _text("The model's name; its revision after an @."),
    "text": _text("The text as the model wrote it."),
    "finish_reason": _text("Why generation ended: stop, length, another word of docs/teachers.md, or error."),
    "prompt_tokens": _whole("Tokens of the prompt, as the server counted them."),
    "completion_tokens": _whole("Tokens of the completion, as the server counted them."),
    "seconds": _real("Wall-clock seconds it took.", measured=True),
    "served_by": _text("The engine that answered.", measured=True),
    "sent": _text("JSON of what was sent differently from the request; null if nothing was.", measured=True),
    "at": _text("When the reply arrived (UTC, ISO 8601).", measured=True),
    "dollars": _real("Its cost; null if the price is unknown.", measured=True),
    "asked_for": _text("The recipe and asset the call was first made for (recipe/asset).", measured=True),
    "run": _text("The Dagster run that made the call.", measured=True),
    "sample": _whole("Which of the n samples of the problem, from 0."),
    "error": _text("Why there is no text; null if there is. The next run asks again, unless it was paid for."),
    "cut": _text("How a completion cut by the token limit was handled: kept, dropped or resampled; null if none was."),
    "cut_completions": _texts("The attempt's completions that the limit cut, in the order of requests."),
    # traces and rewrites
    "trace_id": _text("Digest of problem, completion and sample index."),
    "rewrite_id": _text("Digest of the trace and of how it was rewritten."),
    "rewriter": _text("What rewrote the trace: rules, or the model's name."),
    "thought": _text("The reasoning, without its markers."),
    "solution": _text("The solution, without its markers."),
    "rewritten": _text("Thought and solution between the four markers; `messages` has the form the student learns."),
    "failed": _text("Why there is no usable rewrite; null if there is one."),
    "changed": _text("What a model's rewrite changed that needs grading (the code); null if nothing."),
    # verdicts
    "verdict_id": _text("Digest of the judged text's id and of the way it was judged."),
    "subject": _text("What was judged: trace (leniently read) or rewrite (strictly read)."),
    "verdict": _text("correct, wrong, or unjudged; unjudged is never counted as wrong."),
    "reason": _text("The evidence in a phrase; for unjudged, why no verdict was possible."),
    "answer": _text("The answer that was extracted from the text and compared; null if none was found."),
    "backend": _text("What compared or ran it, with its version."),
    "test_results": _texts("For code: the outcome of each test, in order (passed, wrong answer, ..., not run)."),
    "judgement_id": _text("Digest of everything that decides a judgement: graders' code, text, reference, limits."),
    # examples
    "example_id": _text("Digest of the example's rewrite and system prompt."),
    "messages": Column(pl.List(MESSAGE), "The conversation as role and content; null for a dropped row."),
    "conversations": Column(pl.List(TURN), "The same in ShareGPT's from and value, system apart; null if dropped."),
    "system": _text("The system prompt of the conversation; null for a dropped row."),
    "dropped_by": _text("The first rule the row failed; null for a kept one."),
    "evidence": _text("What the rule saw (a matching item, a count); null for a kept row."),
    "trace_verdict": _text("The verdict on the trace."),
    "rewrite_verdict": _text("The verdict on the rewrite."),
    "trace_reason": _text("The evidence of the verdict on the trace.", measured=True),
    "rewrite_reason": _text("The evidence of the verdict on the rewrite.", measured=True),
    "trace_backend": _text("What judged the trace, with its version.", measured=True),
    "rewrite_backend": _text("What judged the rewrite, with its version.", measured=True),
    "is_imported": Column(pl.Boolean(), "Whether the trace came ready-made with its problem."),
    "example_tokens": _whole(
        "Tokens of the conversation under the student's tokenizer and template; null if not counted."
    ),
    "learned_tokens": _whole("Those of them that count in the loss: the answer, with its end of turn."),
    # checkpoint
    "entry": _text("The row's name: file:NAME, step:NUMBER or fact:NAME."),
    "kind": _text("file (a file of the weights' folder), step (an optimiser step), or fact (of the run)."),
    "checkpoint_id": _text("Digest of the weights' files."),
    "base_model": _text("The model that was fine-tuned; its revision after an @."),
    "path": _text("The file's path within the weights' folder; null for a step."),
    "bytes": _whole("The file's size; null for a step."),
    "sha256": _text("The file's SHA-256 digest; null for a step."),
    "step": _whole("The optimiser step, from 1; null for a file."),
    "epoch": _real("Passes over the data at the end of the step."),
    "loss": _real("Mean cross-entropy per trained token, in nats."),
    "learning_rate": _real("The learning rate of the step."),
    "grad_norm": _real("Norm of the gradient before clipping."),
    "tokens": _whole("Tokens in the step's batch, padding left out."),
    "mfu": _real("Model FLOPs utilisation of the step, 0 to 1; null if the peak is unknown.", measured=True),
    "memory_gb": _real("Peak memory of the first rank so far, in GB (10^9 bytes).", measured=True),
    "fact": _text("For a fact, its JSON: run, training, plan, environment, data version, revision.", measured=True),
    # benchmarks
    "answer_id": _text("Digest of model role, problem, completion and sample index."),
    "epoch_name": _text("The re-evaluation the answers belong to; empty for the first."),
    "role": _text("The model's role: base, student or another one of the recipe; 'b - a' for a comparison."),
    "strict": _text("Verdict if only the requested form counts (a box; one block in the solution)."),
    "strict_reason": _text("The strict verdict's evidence."),
    "strict_answer": _text("The answer extracted in the requested form; null if there is none, and for code."),
    "lenient": _text("Verdict if the last stated answer counts, whatever its form."),
    "lenient_reason": _text("The lenient verdict's evidence."),
    "lenient_answer": _text("The last stated answer, whatever its form; null if there is none, and for code."),
    "report_id": _text("Digest of epoch, benchmark, part, role and metric."),
    "by": _text("How the benchmark is broken down: all (not at all), family, level, or training set."),
    "part": _text("The part: all, a family, a level; clean or contaminated for the training set."),
    "metric": _text("What the value is: an accuracy, a pass@k, a majority vote, a share, or a count of tokens."),
    "n": _whole("Items behind the value."),
    "samples": _whole("Judged answers behind the value, all items together."),
    "value": _real("The value: a share from 0 to 1, or tokens; where two are compared, the difference."),
    "won": _whole("Where two are compared: items on which the first named does better; otherwise null."),
    "lost": _whole("Where two are compared: items on which the first named does worse; otherwise null."),
    "low": _real("Lower end of the 95% interval."),
    "high": _real("Upper end of the 95% interval."),
    "method": _text("How the interval and the p-value were computed."),
    "p_value": _real("Two-sided p of the paired test; null where nothing is compared."),
    "unjudged": _whole("Items without a verdict: left out of n, never counted as wrong."),
    "made_with": _text("JSON of how the number was made: models, engine, sampling, prompts, graders.", measured=True),
    # ledger
    "entry_id": _text("The entry's random id."),
    "event": _text("What happened: failed calls, calls of the doctor, reused rows, serving or training."),
    "count": _whole("Number of calls or rows; 1 for machine time.", measured=True),
    "gpus": _whole("GPUs in use; a machine without GPUs counts as one.", measured=True),
    "ledger_id": _text("Digest of asset, model and run."),
    "asset": _text("The asset that caused the cost."),
    "calls": _whole("Calls that were answered.", measured=True),
    "failed_calls": _whole("Calls that failed on their last attempt.", measured=True),
    "reused_rows": _whole("Rows whose completion was already stored.", measured=True),
    "call_seconds": _real("Seconds of all calls together; many run at once.", measured=True),
    "machine_seconds": _real("Seconds that our own servers and training ran.", measured=True),
    "gpu_hours": _real("Machine seconds times GPUs, in hours.", measured=True),
    "call_dollars": _real("Cost of the calls, including failed ones; null if any is unknown.", measured=True),
    "machine_dollars": _real("GPU-hours times SKYASSETS_HOUR_PRICE at the time.", measured=True),
    "began": _text("Time of the first entry (UTC, ISO 8601).", measured=True),
    "ended": _text("Time of the last entry (UTC, ISO 8601).", measured=True),
}
