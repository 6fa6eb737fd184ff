"""Every column, defined once: name, type and meaning. Tables are made of these."""

from dataclasses import dataclass

import polars as pl

MESSAGE = pl.Struct({"role": pl.String(), "content": pl.String()})
TURN = pl.Struct({"from": pl.String(), "value": pl.String()})


@dataclass(frozen=True)
class Column:
    """A column's type and meaning. `measured` values (clocks) describe a run and are not part of the content."""

    type: pl.DataType
    meaning: str
    measured: bool = False


_text, _whole, _real = pl.String(), pl.Int64(), pl.Float64()

COLUMNS: dict[str, Column] = {
    # problems
    "problem_id": Column(
        _text, "Digest of all that a problem states: source, domain, question, ground truth, tests and the like."
    ),
    "source": Column(_text, "Where the problem comes from: a generator, a file, a data set on the hub."),
    "name": Column(_text, "The problem's own name or position within its source."),
    "family": Column(_text, "The kind of problem within its source: a generator's family, a subset, a subject."),
    "domain": Column(_text, "maths, code, puzzle or science; decides the prompt and the grader."),
    "question": Column(_text, "What is asked, as the source states it."),
    "ground_truth": Column(_text, "The right final answer; for code, null."),
    "tests": Column(_text, "For code: JSON of the test cases (fn_name, inputs, outputs); otherwise null."),
    "starter_code": Column(_text, "For code: what the answer has to start from; otherwise null."),
    "references": Column(
        pl.List(_text), "For code: reference solutions, at most three, one of which passes all tests; null for none."
    ),
    "difficulty": Column(_real, "How hard, 1 to 10 on the AoPS scale; null when nobody rated it."),
    "level": Column(
        _text, "The source's own grade of difficulty (easy, medium, hard, 1 to 5); null where it has none."
    ),
    "licence": Column(_text, "The licence the problem was published under (SPDX where there is one)."),
    "benchmark": Column(_text, "The benchmark this held-out problem belongs to."),
    "imported_trace": Column(_text, "A ready-made trace that came with the problem; null where the teacher is asked."),
    "set_aside": Column(_text, "Why the problem is not used; null for one that is."),
    # completions
    "completion_id": Column(_text, "Digest of all that determines a completion: model, messages, sampling, seed."),
    "request": Column(_text, "JSON of all that determines the completion; what the id is the digest of."),
    "model": Column(_text, "The model's name; its revision after an @."),
    "text": Column(_text, "The text as the model wrote it."),
    "finish_reason": Column(_text, "Why generation ended: stop, length, or error."),
    "prompt_tokens": Column(_whole, "Tokens of the prompt, as the server counted them."),
    "completion_tokens": Column(_whole, "Tokens of the completion, as the server counted them."),
    "seconds": Column(_real, "Wall-clock seconds it took.", measured=True),
    "served_by": Column(_text, "The engine that answered.", measured=True),
    "at": Column(_text, "When the reply came (UTC, ISO 8601).", measured=True),
    "dollars": Column(_real, "What it cost; null when nobody knew the price.", measured=True),
    "asked_for": Column(_text, "The recipe and asset the call was first made for (recipe/asset).", measured=True),
    "run": Column(_text, "The Dagster run that made the call.", measured=True),
    "sample": Column(_whole, "Which of the n samples of the problem, from 0."),
    "error": Column(_text, "Why there is no text; null when there is. Such a row is asked again on the next run."),
    "cut": Column(_text, "What became of the token limit's cut: kept, dropped or resampled; null for none."),
    "cut_completions": Column(pl.List(_text), "The attempt's completions that the limit cut, in the order asked."),
    # traces and rewrites
    "trace_id": Column(_text, "Digest of problem, completion and sample index."),
    "rewrite_id": Column(_text, "Digest of the trace and of how it was rewritten."),
    "rewriter": Column(_text, "What rewrote the trace: rules, or the model's name."),
    "thought": Column(_text, "The reasoning, without its markers."),
    "solution": Column(_text, "The solution, without its markers."),
    "rewritten": Column(_text, "Thought and solution between their markers, as the student will learn them."),
    "failed": Column(_text, "Why there is no usable rewrite; null when there is one."),
    "changed": Column(_text, "What a model's rewrite changed for the graders to judge (the code); null if nothing."),
    # verdicts
    "verdict_id": Column(_text, "Digest of the judged text's id and of the way it was judged."),
    "subject": Column(_text, "What was judged: trace (leniently read) or rewrite (strictly read)."),
    "verdict": Column(_text, "correct, wrong, or unjudged; unjudged is never counted as wrong."),
    "reason": Column(_text, "The evidence in a phrase; for unjudged, why nobody could tell."),
    "answer": Column(_text, "The answer that was read out of the text and compared; null when none was found."),
    "backend": Column(_text, "What compared or ran it, with its version."),
    "test_results": Column(
        pl.List(_text), "For code: what became of each test, in order (passed, wrong answer, ..., not run)."
    ),
    "judgement_id": Column(_text, "Digest of all that decides a judgement: graders' code, text, reference, limits."),
    # examples
    "example_id": Column(_text, "Digest of the example's rewrite and system prompt."),
    "messages": Column(pl.List(MESSAGE), "The conversation as role and content; null for a dropped row."),
    "conversations": Column(pl.List(TURN), "The same in ShareGPT's from and value, system apart; null if dropped."),
    "system": Column(_text, "The system prompt of the conversation; null for a dropped row."),
    "dropped_by": Column(_text, "Why the row was dropped, by the first rule it failed; null for a kept one."),
    "evidence": Column(_text, "What the rule saw (a matching item, a count); null for a kept row."),
    "trace_verdict": Column(_text, "The verdict on the trace."),
    "rewrite_verdict": Column(_text, "The verdict on the rewrite."),
    "trace_reason": Column(_text, "The evidence of the verdict on the trace.", measured=True),
    "rewrite_reason": Column(_text, "The evidence of the verdict on the rewrite.", measured=True),
    "trace_backend": Column(_text, "What judged the trace, with its version.", measured=True),
    "rewrite_backend": Column(_text, "What judged the rewrite, with its version.", measured=True),
    "is_imported": Column(pl.Boolean(), "Whether the trace came ready-made with its problem."),
    "example_tokens": Column(
        _whole, "Tokens of the whole conversation under the student's tokenizer and template; null if not counted."
    ),
    "learned_tokens": Column(_whole, "Those of them that the loss is taken on: the answer, with its end of turn."),
    # checkpoint
    "entry": Column(_text, "The row's name: file:NAME, step:NUMBER or fact:NAME."),
    "kind": Column(_text, "file (a file of the weights' folder), step (an optimiser step), or fact (of the run)."),
    "checkpoint_id": Column(_text, "Digest of the weights' files."),
    "base_model": Column(_text, "The model that was fine-tuned; its revision after an @."),
    "path": Column(_text, "The file's path within the weights' folder; null for a step."),
    "bytes": Column(_whole, "The file's size; null for a step."),
    "sha256": Column(_text, "The file's SHA-256 digest; null for a step."),
    "step": Column(_whole, "The optimiser step, from 1; null for a file."),
    "epoch": Column(_real, "Passes over the data at the end of the step."),
    "loss": Column(_real, "Mean cross-entropy per trained token, in nats."),
    "learning_rate": Column(_real, "The learning rate of the step."),
    "grad_norm": Column(_real, "Norm of the gradient before clipping."),
    "tokens": Column(_whole, "Tokens in the step's batch, padding left out."),
    "mfu": Column(
        _real, "Model FLOPs utilisation of the step, 0 to 1; null where the device's peak is unknown.", measured=True
    ),
    "memory_gb": Column(_real, "The most memory the first rank had held by then, in GB (10^9 bytes).", measured=True),
    "fact": Column(
        _text, "For a fact, its JSON: run, training, plan, environment, data version, revision.", measured=True
    ),
    # benchmarks
    "answer_id": Column(_text, "Digest of model role, problem, completion and sample index."),
    "epoch_name": Column(_text, "The re-evaluation the answers belong to; empty for the first."),
    "role": Column(
        _text,
        "Who answered: base, student or a contender of the recipe; 'b - a' where two are compared on one item set.",
    ),
    "strict": Column(_text, "Verdict when only the asked-for form counts (a box; one block in the solution)."),
    "strict_reason": Column(_text, "The strict verdict's evidence."),
    "strict_answer": Column(_text, "The answer read out in the asked-for form; null when there is none, and for code."),
    "lenient": Column(_text, "Verdict when the last stated answer counts, whatever its form."),
    "lenient_reason": Column(_text, "The lenient verdict's evidence."),
    "lenient_answer": Column(
        _text, "The last stated answer, whatever its form; null when there is none, and for code."
    ),
    "report_id": Column(_text, "Digest of epoch, benchmark, part, role and metric."),
    "by": Column(_text, "What the benchmark is cut by: all (not at all), family, level, or training set."),
    "part": Column(_text, "The part: all, a family, a level; clean or contaminated for the training set."),
    "metric": Column(
        _text, "What the value is: an accuracy, a pass@k, a majority vote, a share, or a count of tokens."
    ),
    "n": Column(_whole, "Items behind the value."),
    "samples": Column(_whole, "Judged answers behind the value, all items together."),
    "value": Column(_real, "The value: a share from 0 to 1, or tokens; where two are compared, the difference."),
    "won": Column(_whole, "Where two are compared: items on which the first named does better; otherwise null."),
    "lost": Column(_whole, "Where two are compared: items on which the first named does worse; otherwise null."),
    "low": Column(_real, "Lower end of the 95% interval."),
    "high": Column(_real, "Upper end of the 95% interval."),
    "method": Column(_text, "How the interval and the p-value were computed."),
    "p_value": Column(_real, "Two-sided p of the paired test; null where nothing is compared."),
    "unjudged": Column(_whole, "Items that nobody could judge: left out of n, never counted as wrong."),
    "made_with": Column(
        _text, "JSON of what made the number: models, engine, sampling, prompts, graders.", measured=True
    ),
    # ledger
    "entry_id": Column(_text, "The entry's own name, drawn when it was written."),
    "event": Column(_text, "What happened: failed calls, reused rows, serving or training."),
    "count": Column(_whole, "How many calls or rows it was; 1 for machine time.", measured=True),
    "gpus": Column(_whole, "GPUs it kept busy; without one, the machine counts as one.", measured=True),
    "ledger_id": Column(_text, "Digest of asset, model and run."),
    "asset": Column(_text, "The asset the money was spent for."),
    "calls": Column(_whole, "Calls that were answered.", measured=True),
    "failed_calls": Column(_whole, "Calls given up after their last attempt.", measured=True),
    "reused_rows": Column(_whole, "Rows whose completion was there already.", measured=True),
    "call_seconds": Column(_real, "Seconds of all calls together; many are under way at once.", measured=True),
    "machine_seconds": Column(_real, "Seconds that servers and training of our own ran.", measured=True),
    "gpu_hours": Column(_real, "Machine seconds times GPUs, in hours.", measured=True),
    "call_dollars": Column(_real, "What the calls cost, failed ones too; null if one is unknown.", measured=True),
    "machine_dollars": Column(_real, "GPU-hours at SKYASSETS_HOUR_PRICE, as it was then.", measured=True),
    "began": Column(_text, "When the first of it came (UTC, ISO 8601).", measured=True),
    "ended": Column(_text, "When the last of it came (UTC, ISO 8601).", measured=True),
}
