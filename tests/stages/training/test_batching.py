"""The cost of padding and waiting for each way of dealing the examples."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.planning import LENGTHS, SKY_T1

from skyassets.core.training.spec import Layout
from skyassets.stages.training.batching import epoch_batches, typical_lengths

LAYOUT = Layout(8, micro_batch=1)


def waited(is_sorted: bool) -> float:
    micro_steps = epoch_batches(SKY_T1, LENGTHS, LAYOUT, is_sorted=is_sorted).micro_steps
    return sum(step.tokens for step in micro_steps) * LAYOUT.ranks / sum(LENGTHS)


def test_dealing_similar_lengths_together_saves_most_of_the_waiting() -> None:
    assert waited(is_sorted=True) < 1.15
    assert waited(is_sorted=False) > 1.8


@given(st.lists(st.integers(1, 64), min_size=1), st.integers(1, 4), st.integers(1, 3), st.booleans(), st.booleans())
def test_every_token_is_computed_and_no_step_is_empty(
    lengths: list[int], micro_batch: int, ranks: int, packing: bool, is_sorted: bool
) -> None:
    training = replace(SKY_T1, cutoff=64, global_batch=8, packing=packing)
    one = epoch_batches(training, lengths, Layout(ranks, micro_batch=micro_batch), is_sorted=is_sorted)
    assert sum(step.computed for step in one.micro_steps) >= sum(lengths)
    assert all(step.tokens * ranks >= step.computed for step in one.micro_steps)
    assert all(0 < step.attended <= training.cutoff for step in one.micro_steps)
    assert 0 < one.fill <= 1


def test_examples_of_one_length_need_no_padding_and_no_waiting() -> None:
    one = epoch_batches(SKY_T1, [100] * 96, LAYOUT)
    assert (one.steps, one.fill, len(one.micro_steps)) == (1, 1.0, 12)


@given(st.integers(1, 2_000), st.floats(20, 8_000))
def test_typical_lengths_have_the_requested_mean(examples: int, mean: float) -> None:
    lengths = typical_lengths(examples, mean, 16_384)
    assert len(lengths) == examples
    assert max(lengths) <= 16_384
    assert sum(lengths) / examples == pytest.approx(mean, rel=0.03)
