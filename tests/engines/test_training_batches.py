from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from skyassets.engines.training_batches import micro_batches, planned_steps, steps_of

counts = st.integers(1, 60)
batches = st.integers(1, 16)
seeds = st.integers(0, 5)


@given(counts, st.integers(1, 4), batches, seeds)
def test_every_epoch_sees_every_example_once(examples: int, epochs: int, global_batch: int, seed: int) -> None:
    steps = planned_steps(examples, epochs, global_batch, seed)
    assert len(steps) == steps_of(examples, epochs, global_batch)
    per_epoch = len(steps) // epochs
    for epoch in range(epochs):
        seen = [index for step in steps[epoch * per_epoch : (epoch + 1) * per_epoch] for index in step]
        assert sorted(seen) == list(range(examples))


@given(counts, batches, seeds)
def test_the_order_is_the_seeds_alone(examples: int, global_batch: int, seed: int) -> None:
    assert planned_steps(examples, 2, global_batch, seed) == planned_steps(examples, 2, global_batch, seed)


def test_epochs_and_seeds_differ() -> None:
    first, second = planned_steps(30, 2, 30, seed=1)
    assert first != second
    assert [first, second] != planned_steps(30, 2, 30, seed=2)


@given(st.lists(st.integers(1, 99), min_size=1, max_size=40), st.integers(1, 8), st.integers(0, 5))
def test_micro_batches_cut_a_step_without_loss(lengths: list[int], size: int, spare: int) -> None:
    step = list(range(len(lengths)))
    slots = -(-len(step) // size) + spare
    cut = micro_batches(step, lengths, slots, size)
    assert len(cut) == slots
    assert max(len(batch) for batch in cut) <= size
    assert Counter(index for batch in cut for index in batch) == Counter(step)


def test_like_lengths_share_a_micro_batch() -> None:
    assert micro_batches([0, 1, 2, 3], lengths=[9, 100, 10, 101], slots=3, size=2) == [[3, 1], [2, 0], []]
