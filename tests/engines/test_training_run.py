"""What happens inside a training process before the first step: examples as tokens, batches as tensors."""

from pathlib import Path

import pytest
from tiny_base import conversation, plan, save_tiny_base, sums

from skyassets.core.errors import TrainerError
from skyassets.core.ports import TrainPlan
from skyassets.engines.chat_tokens import TokenExample
from skyassets.engines.training_job import JobFolder, TrainingJob
from skyassets.engines.training_run import tokenised

ASK = TokenExample("ask", tokens=[5, 6, 7, 8, 2], learned=[False, False, True, True, True])
LONG = TokenExample("long", tokens=[9, 5, 6, 1, 2, 3, 2], learned=[False] * 5 + [True] * 2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_base(tmp_path_factory.mktemp("base"))


def job(plan: TrainPlan, base: Path) -> TrainingJob:
    return TrainingJob(plan, base, micro_batch=2, offload=False, recompute=False)


def test_a_job_survives_writing(tmp_path: Path) -> None:
    folder, asked = JobFolder(tmp_path / "job"), job(plan(tmp_path, 9), tmp_path / "base")
    folder.write(asked, sums(9))
    assert (folder.read_job(), folder.read_examples(), folder.read_curve()) == (asked, sums(9), [])


def test_a_step_half_written_waits(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    line = '{"step": 1, "epoch": 1, "loss": 1, "learning_rate": 1, "grad_norm": 1, "tokens": 1, "seconds": 1}\n'
    folder.curve.write_text(line + line[:20])
    assert [step.step for step in folder.read_curve()] == [1]


def test_examples_become_tokens_in_their_order(base: Path) -> None:
    examples = tokenised(job(plan(base, 9), base), sums(9))
    assert [example.id for example in examples] == [f"sum-{n}" for n in range(9)]
    assert all(any(example.learned) for example in examples)


@pytest.mark.parametrize(
    ("examples", "changed", "said"),
    [
        (9, {"cutoff": 10}, r"example sum-\d has \d+ tokens, more than the cutoff of 10"),
        (9, {"steps": 99}, "the plan says 99 steps, but 9 examples x 2 epochs at 8 a step make 4"),
        (0, {"steps": 0}, "0 examples"),
        (9, {"method": "lora"}, "'lora'"),
        (9, {"precision": "fp8"}, "'fp8'"),
    ],
)
def test_a_plan_that_does_not_fit_is_an_error(base: Path, examples: int, changed: dict[str, object], said: str) -> None:
    with pytest.raises(TrainerError, match=said):
        tokenised(job(plan(base, examples, **changed), base), sums(examples))


def test_an_example_without_an_answer_is_an_error(base: Path) -> None:
    with pytest.raises(TrainerError, match="example silent"):
        tokenised(job(plan(base, 2), base), [*sums(1), conversation("silent", "Hello?")])


def test_labels_are_the_learned_tokens_one_ahead() -> None:
    from skyassets.engines.training_loop import IGNORED, padded

    batch = padded([ASK, LONG])
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8, 2, 0, 0], LONG.tokens]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 1, 0, 0], [1] * 7]
    assert batch["logits_to_keep"].tolist() == [1, 2, 3, 4, 5]
    assert batch["labels"].tolist() == [[7, 8, 2, IGNORED, IGNORED], [IGNORED, IGNORED, IGNORED, 3, 2]]


def test_the_loss_is_that_of_the_whole_text_with_a_mask(base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from skyassets.engines.training_loop import IGNORED, padded

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    examples = tokenised(job(plan(base, 5), base), sums(5))
    tokens = sum(sum(example.learned) for example in examples)
    ours = model(**padded(examples), num_items_in_batch=tokens).loss
    plain = 0.0
    for example in examples:
        labels = [token if learned else IGNORED for token, learned in zip(example.tokens, example.learned, strict=True)]
        alone = model(input_ids=torch.tensor([example.tokens]), labels=torch.tensor([labels]))
        plain += alone.loss.item() * sum(example.learned)
    assert ours.item() == pytest.approx(plain / tokens, rel=1e-5)


def test_a_rank_with_nothing_to_do_learns_nothing(base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from skyassets.engines.training_loop import padded

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    loss = model(**padded([]), num_items_in_batch=torch.tensor(7)).loss
    loss.backward()
    assert loss.item() == 0
    assert all(weight.grad is None or not weight.grad.any() for weight in model.parameters())
