from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.ports import Model
from skyassets.core.training.spec import Training
from skyassets.core.training.steps import micro_batches, planned_steps, steps_of, units_of

counts = st.integers(1, 60)
batches = st.integers(1, 16)
seeds = st.integers(0, 5)
LENGTHS = st.lists(st.integers(1, 64), min_size=1, max_size=40)


def training(epochs: int = 2, global_batch: int = 8, seed: int = 0, packing: bool = False) -> Training:
    return Training(Model("m", "1"), epochs, 1e-3, global_batch, 64, "bf16", seed, packing=packing)


def singles(examples: int) -> list[list[int]]:
    return [[index] for index in range(examples)]


@given(LENGTHS, st.integers(1, 4), batches, seeds, st.booleans())
def test_every_epoch_sees_every_example_once(
    lengths: list[int], epochs: int, global_batch: int, seed: int, packing: bool
) -> None:
    chosen = training(epochs, global_batch, seed, packing)
    units = units_of(lengths, chosen)
    steps = planned_steps(units, chosen)
    assert len(steps) == steps_of(len(units), chosen)
    per_epoch = len(steps) // epochs
    for epoch in range(epochs):
        some = steps[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert sorted(index for step in some for unit in step for index in unit) == list(range(len(lengths)))


@given(counts, batches, seeds)
def test_the_order_depends_on_the_seed_alone(examples: int, global_batch: int, seed: int) -> None:
    chosen = training(2, global_batch, seed)
    assert planned_steps(singles(examples), chosen) == planned_steps(singles(examples), chosen)


def test_epochs_and_seeds_differ() -> None:
    first, second = planned_steps(singles(30), training(2, 30, seed=1))
    assert first != second
    assert [first, second] != planned_steps(singles(30), training(2, 30, seed=2))


def test_another_epoch_leaves_the_earlier_ones_as_they_were() -> None:
    two = planned_steps(singles(30), training(2, 8))
    assert planned_steps(singles(30), training(3, 8))[: len(two)] == two


@given(LENGTHS)
def test_no_pack_is_longer_than_the_cutoff(lengths: list[int]) -> None:
    chosen = training(packing=True)
    assert max(sum(lengths[index] for index in pack) for pack in units_of(lengths, chosen)) <= chosen.cutoff


@given(st.lists(st.integers(1, 99), min_size=1, max_size=40), st.integers(1, 8), st.integers(0, 5))
def test_micro_batches_cut_a_step_without_loss(lengths: list[int], size: int, spare: int) -> None:
    step = singles(len(lengths))
    slots = -(-len(step) // size) + spare
    cut = micro_batches(step, lengths, slots, training(), size)
    assert len(cut) == slots
    assert max(len(batch) for batch in cut) <= size
    assert Counter(index for batch in cut for index in batch) == Counter(range(len(lengths)))


def test_similar_lengths_share_a_micro_batch() -> None:
    cut = micro_batches(singles(4), [9, 100, 10, 101], 3, training(), 2)
    assert cut == [[3, 1], [2, 0], []]


def test_a_pack_is_a_micro_batch_whatever_the_size() -> None:
    cut = micro_batches([[0, 1], [2]], [3, 4, 9], 3, replace(training(), packing=True), size=5)
    assert cut == [[2], [0, 1], []]
