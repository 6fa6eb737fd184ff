"""Traces of every teacher go through the pipeline: their marks are gone, and the student learns one form."""

from dataclasses import replace
from pathlib import Path

from assets.pipeline import Pipeline

from skyassets.core.tables.declarations import EXAMPLES, PROBLEMS, REWRITES, VERDICTS
from skyassets.stages.curation.curate import Curation
from skyassets.stages.curation.reasoning import HasReasoning
from skyassets.stages.curation.student_form import Hybrid, Marks, StudentForm
from skyassets.stages.extraction.thought_markers import PLAIN, PROSE, SPECIAL

THOUGHT = "We have to add the two numbers and look at the result twice."
SOLUTION = "The answer is \\boxed{5}."
HARMONY = (
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>",
    "analysis{}assistantfinal{}",
)


def row(name: str, trace: str) -> dict[str, str]:
    return {"question": f"What is 2+3 as written by {name}?", "answer": "5", "trace": trace}


MARKED = [f"{each.opens}\n{{}}\n{each.closes}\n\n{{}}" for each in (*SPECIAL, *PLAIN, PROSE)]
GOOD = [row(f"teacher {at}", form.format(THOUGHT, SOLUTION)) for at, form in enumerate([*MARKED, *HARMONY])]
EMPTY = row("one without a thought", f"<think>\n\n</think>\n\n{SOLUTION}")
CUT = row("one that was cut", f"<think>\n{THOUGHT} {SOLUTION}")
ONLY = row("one that answers in its thought", f"<think>\n{THOUGHT} {SOLUTION}\n</think>\n\nThe answer is six.")


def test_every_teachers_traces_are_learned_in_the_students_form(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    (source,) = pipeline.recipe.sources
    first, *others = pipeline.recipe.curation.rules
    form = StudentForm(Marks.THINK, Hybrid(share=0.3, seed=1))
    pipeline.recipe = replace(
        pipeline.recipe,
        sources=(replace(source, trace="trace"),),
        curation=Curation((first, HasReasoning(), *others), form),
    )
    pipeline.write([*GOOD, EMPTY, CUT, ONLY])
    pipeline.run()
    rows = pipeline.store.read(EXAMPLES).join(pipeline.store.read(PROBLEMS), on="problem_id")
    dropped = {each["question"]: (each["dropped_by"], each["evidence"]) for each in rows.iter_rows(named=True)}
    assert {question: why for question, why in dropped.items() if why[0] is not None} == {
        EMPTY["question"]: ("no reasoning", "the trace's thought is empty"),
        CUT["question"]: ("no reasoning", "the thought never ends: the marker </think> is missing"),
        ONLY["question"]: ("trace wrong or unjudged", "wrong: differs from the reference"),
    }
    answers = {each["messages"][-1]["content"] for each in rows.iter_rows(named=True) if each["messages"]}
    assert answers == {f"<think>\n{THOUGHT}\n</think>\n\n{SOLUTION}", f"<think>\n\n</think>\n\n{SOLUTION}"}
    rewrites = pipeline.store.read(REWRITES)
    assert set(rewrites["solution"]) == {SOLUTION, None, "The answer is six.\n\nThe answer is \\boxed{six}."}
    judged = pipeline.store.read(VERDICTS).filter(subject="rewrite", verdict="correct")
    assert judged.height == len(GOOD) + 1

    pipeline.recipe = replace(pipeline.recipe, curation=Curation((first, HasReasoning(), *others)))
    again = pipeline.run()
    assert "sft_dataset" in again.rebuilt
    assert not {"teacher_traces", "rewritten_traces", "verdicts"} & again.rebuilt
    answers = {each[-1]["content"] for each in pipeline.store.read(EXAMPLES)["messages"].drop_nulls().to_list()}
    assert all(answer.startswith("<|begin_of_thought|>") for answer in answers)
