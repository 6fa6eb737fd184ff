"""The arithmetic of a rank's memory: what shares it, what moves it, and what never lowers it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.planning import QWEN_32B, SKY_T1

from skyassets.core.training.hardware import Hardware, hardware_of
from skyassets.core.training.spec import Layout, Lora, Memory, Saving
from skyassets.stages.training.memory import Load, disk_gb, memory

H100 = hardware_of("8xH100-80GB")
CPU = hardware_of("cpu-64GB")
LONG = Load(16_384, 16_384)
ZERO_3 = Layout(8, 1, 1, 3, recompute=True)


def held(layout: Layout, load: Load = LONG, on: Hardware = H100, lora: Lora | None = None) -> Memory:
    return memory(replace(SKY_T1, lora=lora), layout, QWEN_32B, on, load)


def test_adam_takes_12_bytes_a_weight_shared_among_the_ranks() -> None:
    assert held(ZERO_3).optimizer == pytest.approx(12 * 32.764 / 8, rel=1e-3)


def test_zero_1_shares_the_optimiser_alone_zero_2_the_gradients_too() -> None:
    first, second = (held(replace(ZERO_3, zero_stage=stage)) for stage in (1, 2))
    assert first.parameters == second.parameters == pytest.approx(2 * 32.764, rel=1e-3)
    assert first.gradients == pytest.approx(6 * 32.764, rel=1e-3)
    assert second.gradients == pytest.approx(4 * 32.764 / 8, rel=1e-3)


def test_offload_moves_the_optimiser_and_then_the_weights_to_main_memory() -> None:
    optimizer, everything = (held(replace(ZERO_3, offload=what)) for what in ("optimizer", "all"))
    assert optimizer.optimizer == optimizer.gradients == everything.optimizer == 0
    assert optimizer.host - held(ZERO_3).host == pytest.approx(16 * 32.764, rel=1e-3)
    assert everything.host - optimizer.host == pytest.approx(2 * 32.764, rel=1e-3)
    assert everything.parameters < optimizer.parameters


def test_recomputed_activations_keep_one_layer_input_a_layer() -> None:
    assert held(ZERO_3).activations < held(replace(ZERO_3, recompute=False)).activations / 15


def test_all_logits_at_once_take_tens_of_gigabytes() -> None:
    chunked, plain = (held(replace(ZERO_3, loss=loss)) for loss in ("chunked", "plain"))
    assert plain.logits > 30 > 7 > chunked.logits


def test_lora_trains_a_thousandth_of_the_weights() -> None:
    adapters, whole = held(ZERO_3, lora=Lora()), held(ZERO_3)
    assert adapters.optimizer < whole.optimizer / 100
    assert adapters.parameters == whole.parameters


@given(
    st.integers(1, 16_384),
    st.integers(1, 16_384),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
    st.sampled_from([H100, CPU]),
)
def test_more_tokens_never_take_less(one: int, other: int, stage: int, recompute: bool, on: Hardware) -> None:
    layout = replace(ZERO_3, zero_stage=stage, recompute=recompute)
    few, many = sorted((one, other))
    assert held(layout, Load(few, few), on).total <= held(layout, Load(many, many), on).total + 1e-9


@given(st.sampled_from([1, 2, 4, 8]), st.sampled_from([1, 2, 3]))
def test_more_ranks_never_take_more_of_one(ranks: int, stage: int) -> None:
    layout = Layout(ranks, zero_stage=stage, recompute=True)
    if stage < 3 or ranks > 1:
        assert held(replace(layout, ranks=2 * ranks)).total <= held(layout).total


@given(st.sampled_from([1, 2, 3]), st.sampled_from(["none", "optimizer", "all"]), st.sampled_from([H100, CPU]))
def test_no_term_is_negative(stage: int, offload: str, on: Hardware) -> None:
    terms = held(Layout(8, zero_stage=stage, offload=offload if stage == 3 else "none"), on=on)
    assert min(vars(terms).values()) >= 0


def test_a_save_is_14_bytes_a_weight_and_one_more_than_the_kept_ones_may_exist() -> None:
    assert disk_gb(SKY_T1, QWEN_32B, Saving(keep=2)) == pytest.approx((14 * 3 + 2) * 32.764, rel=1e-3)
