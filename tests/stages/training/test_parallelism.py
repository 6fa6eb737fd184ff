"""Layouts: what the overrides allow, and what is invalid."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.planning import QWEN_32B, SKY_T1, sky_t1

from skyassets.core.errors import TrainerError
from skyassets.core.training.hardware import hardware_of
from skyassets.stages.training.parallelism import Candidate, LayoutOverrides, PlanInputs, candidates


def candidates_on(on: str, overrides: LayoutOverrides) -> list[Candidate]:
    return candidates(PlanInputs(SKY_T1, QWEN_32B, [16_384], hardware_of(on), overrides))


@pytest.mark.parametrize(
    ("on", "overrides", "message"),
    [
        ("cpu-64GB", LayoutOverrides(attention="flash_attention_2"), "flash_attention_2 on a CPU; needs a GPU"),
        ("cpu-64GB", LayoutOverrides(loss="liger"), "liger on a CPU; needs a GPU"),
        ("cpu-64GB", LayoutOverrides(offload="optimizer"), "its memory is the main memory already"),
        ("8xH100-80GB", LayoutOverrides(offload="all", zero_stage=2), "parameters need stage 3"),
        ("8xH100-80GB", LayoutOverrides(offload="optimizer", zero_stage=1), "use stage 2 or 3"),
        ("8xH100-80GB", LayoutOverrides(offload="some"), "offload 'some'; use none or optimizer or all"),
        ("8xH100-80GB", LayoutOverrides(ranks=9), "9 ranks on 8 devices"),
        ("2x8xH100-80GB", LayoutOverrides(ranks=7), "7 ranks on 2 nodes"),
        ("8xH100-80GB", LayoutOverrides(ranks=0), "ranks = 0; use 1 or more"),
        ("8xH100-80GB", LayoutOverrides(micro_batch=0), "micro batch 0; use 1 or more"),
        (
            "8xH100-80GB",
            LayoutOverrides(sequence_parallel=3),
            "sequence_parallel = 3 with 8 ranks, 40 heads and 8 key-value heads",
        ),
        ("8xH100-80GB", LayoutOverrides(zero_stage=4), "ZeRO stage 4"),
        ("8xH100-80GB", LayoutOverrides(sequence_parallel=2, micro_batch=2), "ranks share one example at a time"),
        (
            "8xH100-80GB",
            LayoutOverrides(sequence_parallel=2, zero_stage=2),
            "ZeRO stage 2 with sequence_parallel = 2; use 3",
        ),
        (
            "8xH100-80GB",
            LayoutOverrides(sequence_parallel=2, attention="eager"),
            "eager attention with sequence_parallel = 2",
        ),
    ],
)
def test_an_invalid_override_says_what_to_use_instead(on: str, overrides: LayoutOverrides, message: str) -> None:
    with pytest.raises(TrainerError, match="invalid layout") as refused:
        candidates_on(on, overrides)
    assert message in str(refused.value)


WISHES = st.builds(
    LayoutOverrides,
    micro_batch=st.sampled_from([None, 1]),
    zero_stage=st.sampled_from([None, 3]),
    offload=st.sampled_from([None, "none", "optimizer", "all"]),
    recompute=st.sampled_from([None, True, False]),
    attention=st.sampled_from([None, "sdpa", "flash_attention_2"]),
    loss=st.sampled_from([None, "chunked", "plain"]),
    sequence_parallel=st.sampled_from([1, 2, 4]),
)


@given(WISHES)
def test_every_layout_keeps_every_override(overrides: LayoutOverrides) -> None:
    offered = candidates_on("8xH100-80GB", overrides)
    assert offered
    for name in ("micro_batch", "zero_stage", "offload", "recompute", "attention", "loss", "sequence_parallel"):
        wanted = getattr(overrides, name)
        assert wanted is None or {getattr(each.layout, name) for each in offered} == {wanted}


@pytest.mark.parametrize("stage", range(4))
@pytest.mark.parametrize("on", ["cpu-64GB", "1xH100-80GB"])
def test_a_single_rank_may_have_any_stage(on: str, stage: int) -> None:
    assert {each.layout.zero_stage for each in candidates_on(on, LayoutOverrides(zero_stage=stage))} == {stage}


def test_a_requested_stage_0_is_kept() -> None:
    assert {each.layout.zero_stage for each in candidates_on("8xH100-80GB", LayoutOverrides(zero_stage=0))} == {0}


@given(WISHES)
def test_no_layout_is_repeated(overrides: LayoutOverrides) -> None:
    layouts = [each.layout for each in candidates_on("8xH100-80GB", overrides)]
    assert len(set(layouts)) == len(layouts)


def test_a_long_example_has_a_gpu_to_itself() -> None:
    assert {each.layout.micro_batch for each in candidates_on("8xH100-80GB", LayoutOverrides())} == {1}


def test_ranks_without_devices_of_their_own_share_the_memory() -> None:
    one, two = (candidates_on("cpu-64GB", LayoutOverrides(ranks=ranks, zero_stage=1))[0] for ranks in (1, 2))
    assert two.need > one.need


def test_packs_cannot_be_shared_by_ranks() -> None:
    packed = replace(SKY_T1, packing=True)
    with pytest.raises(TrainerError, match="packing with sequence_parallel = 2; omit one of them"):
        candidates(sky_t1(overrides=LayoutOverrides(sequence_parallel=2), training=packed))


def test_eager_attention_does_not_fit_where_sdpa_does() -> None:
    fits = {
        attention: any(each.fits for each in candidates_on("8xH100-80GB", LayoutOverrides(attention=attention)))
        for attention in ("sdpa", "flash_attention_2", "eager")
    }
    assert fits == {"sdpa": True, "flash_attention_2": True, "eager": False}
