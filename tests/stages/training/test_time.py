"""The model of a run's time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.planning import LENGTHS, QWEN_32B, SKY_T1

from skyassets.core.training.hardware import hardware_of
from skyassets.core.training.spec import Layout, Lora
from skyassets.stages.training.batching import epoch_batches
from skyassets.stages.training.parallelism import PlanInputs
from skyassets.stages.training.time import BUSY, Duration, duration

H100 = hardware_of("8xH100-80GB")
SOME = LENGTHS[::20]


def took(layout: Layout, lora: Lora | None = None, lengths: list[int] = SOME) -> Duration:
    training = replace(SKY_T1, lora=lora)
    inputs = PlanInputs(training, QWEN_32B, lengths, H100)
    result = duration(inputs, layout, epoch_batches(training, lengths, layout))
    assert result is not None
    return result


def test_without_waiting_traffic_or_recomputation_the_utilisation_is_as_assumed() -> None:
    alone = took(Layout(1, micro_batch=1), lengths=[4_096] * 96)
    computing = alone.parts["computing"]
    assert alone.mfu * sum(alone.parts.values()) / computing == pytest.approx(BUSY)


def test_recomputed_activations_take_a_third_more_computing_and_adapters_a_third_less() -> None:
    plain, recomputed = took(Layout(8, micro_batch=1)), took(Layout(8, micro_batch=1, recompute=True))
    adapters = took(Layout(8, micro_batch=1), Lora())
    assert round(recomputed.parts["computing"] / plain.parts["computing"], 6) == round(4 / 3, 6)
    assert round(adapters.parts["computing"] / plain.parts["computing"], 6) == round(2 / 3, 6)


def test_offloaded_state_takes_time_to_transfer() -> None:
    none, some, everything = (took(Layout(8, 1, 1, 3, offload)) for offload in ("none", "optimizer", "all"))
    assert none.hours < some.hours < everything.hours
    assert "gradients to main memory and back" not in none.parts
    assert "fetching weights from main memory" not in some.parts
    assert "optimizer steps on the CPUs" in everything.parts


@given(st.sampled_from([1, 2, 3]), st.sampled_from([1, 2, 4]), st.booleans())
def test_more_cards_of_one_node_are_faster_and_none_is_used_above_its_peak(
    stage: int, ranks: int, recompute: bool
) -> None:
    fewer, more = (took(Layout(count, 1, 1, stage, recompute=recompute)) for count in (ranks, 2 * ranks))
    assert fewer.parts["computing"] > more.parts["computing"]
    assert 0 < more.mfu < BUSY
