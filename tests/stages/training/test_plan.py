"""Plans: the published run, what fits, what is refused, and what a refusal proposes."""

import json
from dataclasses import replace

import pytest
from stages.planning import LENGTHS, SKY_T1, sky_t1, small

from skyassets.core.errors import GateError, TrainerError
from skyassets.core.training.hardware import hardware_of
from skyassets.core.training.spec import Layout, Lora, TrainPlan
from skyassets.stages.training.batching import epoch_batches
from skyassets.stages.training.parallelism import LayoutOverrides, PlanInputs
from skyassets.stages.training.plan import fastest, plan, plans_of, remedies
from skyassets.stages.training.time import duration

PUBLISHED_HOURS, PUBLISHED_DOLLARS = 19, 450


def by_layout(inputs: PlanInputs) -> dict[tuple[int, str, bool], tuple[bool, TrainPlan]]:
    return {
        (planned.layout.zero_stage, planned.layout.offload, planned.layout.recompute): (each.fits, planned)
        for each, planned in plans_of(inputs)
    }


def test_the_published_run_lands_within_a_quarter_of_its_19_hours_and_450_dollars() -> None:
    planned = plan(sky_t1(overrides=LayoutOverrides(zero_stage=3, offload="all")))
    assert planned.hours == pytest.approx(PUBLISHED_HOURS, rel=0.25)
    assert planned.dollars == pytest.approx(PUBLISHED_DOLLARS, rel=0.25)


def test_a_run_that_deals_examples_as_drawn_lands_within_a_quarter_of_the_published_hours() -> None:
    layout = Layout(8, 1, 1, 3, "all", recompute=True)
    drawn = epoch_batches(SKY_T1, LENGTHS, layout, is_sorted=False)
    time = duration(sky_t1(), layout, drawn)
    assert time is not None
    assert time.hours == pytest.approx(PUBLISHED_HOURS, rel=0.25)


def test_zero_3_without_offload_does_not_fit_32_billion_weights_on_8_h100_and_with_offload_it_does() -> None:
    outcome = by_layout(sky_t1())
    assert not outcome[3, "none", True][0]
    assert outcome[3, "optimizer", True][0]
    assert outcome[3, "all", True][0]
    assert not any(fits for (_, _, recompute), (fits, _) in outcome.items() if not recompute)


def test_twice_the_cards_need_no_offload() -> None:
    assert plan(sky_t1("2x8xH100-80GB")).layout.offload == "none"


def test_the_fastest_layout_that_fits_is_chosen() -> None:
    plans = [each for each in plans_of(sky_t1()) if each[0].fits]
    assert fastest(plans)[1].hours == min(planned.hours or 0 for _, planned in plans)


def test_every_assumption_is_a_sentence_of_the_plan() -> None:
    text = " ".join(plan(sky_t1()).assumptions)
    expected = ("40% of H100-80GB's 989", "nothing overlaps", "GB/s per GPU to main memory", "a checkpoint every 100")
    assert all(words in text for words in expected)


def test_packing_saves_steps_and_hardly_any_room_is_lost() -> None:
    packed = plan(sky_t1(training=replace(SKY_T1, packing=True)))
    plain = plan(sky_t1())
    assert packed.fill >= 0.998
    assert packed.tokens == plain.tokens
    assert packed.steps < plain.steps / 3
    assert (packed.hours or 0) < (plain.hours or 0)


def test_the_files_and_the_command_are_those_of_the_chosen_layout() -> None:
    planned = plan(sky_t1())
    assert json.loads(planned.files["deepspeed.json"])["zero_optimization"]["stage"] == planned.layout.zero_stage
    assert json.loads(planned.files["arguments.json"])["max_steps"] == planned.steps == 513
    assert "--nproc-per-node=8" in planned.argv


def test_a_plan_that_cannot_fit_names_what_would_fit() -> None:
    with pytest.raises(TrainerError) as refused:
        plan(sky_t1(overrides=LayoutOverrides(offload="none")))
    result = str(refused.value)
    for words in ("does not fit on 8 x H100-80GB", "optimizer 49.1", "85.5 GB", "offload (ZeRO-3, offload optimizer"):
        assert words in result
    assert "16 x H100-80GB on 2 nodes" in result
    assert "LoRA of rank 16" in result


@pytest.mark.parametrize(
    "inputs",
    [sky_t1("1xA100-40GB"), sky_t1("8xA100-40GB", LayoutOverrides(offload="none")), small("cpu-2GB")],
    ids=["one card", "no offload", "little memory"],
)
def test_a_proposal_in_a_refusal_fits(inputs: PlanInputs) -> None:
    proposed = list(remedies(inputs))
    assert proposed
    for change in proposed:
        assert plan(changed(inputs, change)).layout


def changed(inputs: PlanInputs, change: str) -> PlanInputs:
    """The inputs after applying the change that a refusal proposes."""
    if change.startswith("LoRA"):
        return replace(inputs, training=replace(inputs.training, lora=Lora()))
    if change.startswith("offload"):
        return replace(inputs, overrides=replace(inputs.overrides, offload=None))
    if change.startswith("a micro batch"):
        return replace(inputs, overrides=replace(inputs.overrides, micro_batch=1))
    if change.startswith("a cutoff of"):
        cutoff = int(change.split()[3])
        lengths = [min(length, cutoff) for length in inputs.lengths]
        return replace(inputs, training=replace(inputs.training, cutoff=cutoff), lengths=lengths)
    if change.endswith("GB of memory"):
        return replace(inputs, hardware=hardware_of(f"cpu-{change.split()[0]}GB"))
    nodes = int(change.split(" on ")[1].split()[0]) if " on " in change else 1
    count, name = int(change.split(" x ")[0]) // nodes, change.split(" x ")[1].split()[0]
    return replace(inputs, hardware=hardware_of(f"{nodes}x{count}x{name}"))


def test_a_processor_has_no_predicted_time() -> None:
    planned = plan(small())
    assert planned.hours is planned.dollars is None
    assert planned.layout == Layout(ranks=1, micro_batch=16, zero_stage=1, recompute=False, loss="chunked")


def test_a_card_without_a_price_has_no_cost() -> None:
    planned = plan(small("L4-24GB"))
    assert planned.hours is not None
    assert planned.dollars is None


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(GateError, match="keeps no example"):
        plan(replace(small(), lengths=[]))


def test_an_example_above_the_cutoff_is_refused() -> None:
    with pytest.raises(TrainerError, match="an example of 513 tokens is longer than the cutoff of 512"):
        plan(replace(small(), lengths=[3, 513]))
