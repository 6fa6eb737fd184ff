"""How often the report's 95% intervals hold the truth, by simulation, beside a percentile bootstrap over items.

    python benchmarks/interval_coverage.py [--trials 2000] [--items 30,100,500,5000] [--samples 1,4,16,64]
        [--of shares "humped shares" differences "humped differences" tokens]

Shares: the items' difficulties are beta-distributed about accuracies from 0.1 to 0.95, with an intraclass correlation
of 1/(1 + strength). The accuracy is drawn from within 0.02 of the one named, or an interval of single samples would be
judged by how the few values that it can take lie to one truth (Brown, Cai and DasGupta 2001, Stat. Sci. 16:101).
Shares of two humps: a part of the items is right 95% of the time and the others 5%, as hard contests are.

Differences: a second model is as likely to be right, moved on the scale of log-odds. `disagree` is the chance that one
sample of each differs; where it is small, few items tell anything, and no interval is close to what it claims.
Differences of two humps: on some items a model that was nearly always right is nearly always wrong, or the reverse
(swapped), or only better (gained).

Tokens: lengths that are normal, gamma, log-normal, and log-normal but cut at a limit that some always reach. There is
one number an item, so that samples play no part.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from skyassets.stages.statistics.intervals import mean_interval, share_interval
from skyassets.stages.statistics.paired import share_gaps_interval

Dice = np.random.Generator
Found = tuple[str, float, float]
"""Case, coverage, and another figure of the case."""

ACCURACIES, STRENGTHS, SHIFTS = (0.1, 0.3, 0.5, 0.8, 0.95), (0.5, 1.0, 2.0, 5.0), (0.0, 0.8)
NEAR = 0.02
OFTEN, RARELY = 0.95, 0.05
OFTEN_RIGHT = (0.1, 0.3, 0.5, 0.7, 0.9)
MOVED = (0.1, 0.3)
RESAMPLES = 400
MOST_LENGTHS = 1000
"""Items beyond which the lengths are left out, for each of their intervals is a thousand resamples."""


def shares(dice: Dice, n: int, samples: int, trials: int) -> Iterator[Found]:
    """The other figure is the bootstrap's coverage."""
    for accuracy in ACCURACIES:
        for strength in STRENGTHS if samples > 1 else (1.0,):
            truth = np.clip(accuracy + dice.uniform(-NEAR, NEAR, (trials, 1)), 0.05, 0.97)
            ones = dice.beta(truth * strength, (1 - truth) * strength, (trials, n))
            scores = dice.binomial(samples, ones if samples > 1 else np.broadcast_to(truth, (trials, n))) / samples
            yield f"accuracy {accuracy}, strength {strength}", *_held(dice, scores, samples, truth[:, 0])


def humped_shares(dice: Dice, n: int, samples: int, trials: int) -> Iterator[Found]:
    """The other figure is the bootstrap's coverage."""
    for share in OFTEN_RIGHT if samples > 1 else ():
        chance = np.where(dice.random((trials, n)) < share, OFTEN, RARELY)
        truth = np.full(trials, share * OFTEN + (1 - share) * RARELY)
        yield f"{share:.0%} often right", *_held(dice, dice.binomial(samples, chance) / samples, samples, truth)


def _held(dice: Dice, scores: np.ndarray, samples: int, truths: np.ndarray) -> tuple[float, float]:
    intervals = [share_interval(each, samples) for each in scores]
    held = [one.low <= truth <= one.high for one, truth in zip(intervals, truths, strict=True)]
    resampled, n = [], scores.shape[1]
    for each, truth in zip(scores[: len(scores) // 10], truths, strict=False):
        low, high = np.quantile(each[dice.integers(0, n, (RESAMPLES, n))].mean(axis=1), (0.025, 0.975))
        resampled.append(low <= truth <= high)
    return float(np.mean(held)), float(np.mean(resampled))


Pair = Callable[[Dice, tuple[int, ...]], tuple[np.ndarray, np.ndarray]]
"""The chances of two models to be right, on items of any shape."""


def differences(dice: Dice, n: int, samples: int, trials: int) -> Iterator[Found]:
    """The other figure is how often one sample of each differs."""
    for accuracy in (0.1, 0.5, 0.8):
        for strength in (1.0, 5.0):
            for shift in SHIFTS:
                pair = partial(_moved, accuracy, strength, shift)
                case = f"accuracy {accuracy}, strength {strength}, shift {shift}"
                yield _compared(dice, pair, n, samples, trials, case)


def humped_differences(dice: Dice, n: int, samples: int, trials: int) -> Iterator[Found]:
    """The same of items of two humps."""
    for moved in MOVED:
        for is_swapped in (True, False):
            pair, name = partial(_turned, moved, is_swapped), "swapped" if is_swapped else "gained"
            yield _compared(dice, pair, n, samples, trials, f"{moved:.0%} {name}")


def _compared(dice: Dice, pair: Pair, n: int, samples: int, trials: int, case: str) -> Found:
    first, second = pair(dice, (1_000_000,))
    truth = float((second - first).mean())
    disagree = float((first * (1 - second) + second * (1 - first)).mean())
    one, other = pair(dice, (trials, n))
    gaps = np.round((dice.binomial(samples, other) - dice.binomial(samples, one)) / samples, 12)
    ends = [share_gaps_interval(each)[:2] for each in gaps]
    return case, float(np.mean([low <= truth <= high for low, high in ends])), disagree


def _moved(
    accuracy: float, strength: float, shift: float, dice: Dice, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    first = dice.beta(accuracy * strength, (1 - accuracy) * strength, shape).clip(1e-9, 1 - 1e-9)
    odds = np.log(first / (1 - first)) + shift + dice.normal(0, 0.5, shape)
    return first, 1 / (1 + np.exp(-odds))


def _turned(share: float, is_swapped: bool, dice: Dice, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    first = np.where(dice.random(shape) < 0.5, OFTEN, RARELY)
    turned = np.where(dice.random(shape) < share, OFTEN + RARELY - first, first)
    return first, turned if is_swapped else np.maximum(first, turned)


def lengths(dice: Dice, n: int, samples: int, trials: int) -> Iterator[Found]:
    """The other figure is how often the interval ends below the mean: 0.025 is what it claims."""
    if samples > 1 or n > MOST_LENGTHS:
        return
    cases: dict[str, Callable[[tuple[int, ...]], np.ndarray]] = {
        "normal": lambda shape: dice.normal(5, 1, shape),
        "gamma 0.5": lambda shape: dice.gamma(0.5, 1, shape),
        "gamma 2": lambda shape: dice.gamma(2, 1, shape),
        **{f"log-normal {sigma}": partial(dice.lognormal, 0, sigma) for sigma in (0.5, 0.8, 1.0)},
        **{
            f"log-normal 1, {share:.0%} at {limit}": partial(_cut, dice, limit, share)
            for limit, share in ((4, 0.1), (8, 0.0), (16, 0.03))
        },
    }
    for case, draw in cases.items():
        truth = float(draw((4_000_000,)).mean())
        intervals = [mean_interval(each) for each in draw((trials, n))]
        held = float(np.mean([one.low <= truth <= one.high for one in intervals]))
        yield case, held, float(np.mean([one.high < truth for one in intervals]))


def _cut(dice: Dice, limit: float, share: float, shape: tuple[int, ...]) -> np.ndarray:
    return np.minimum(np.where(dice.random(shape) < share, limit, dice.lognormal(0, 1, shape)), limit)


def print_line(what: str, n: int, samples: int, covers: list[Found], seconds: float, other: str) -> None:
    """A line: the mean, the worst cases, and the other figure of these."""
    mean = np.mean([cover for _, cover, _ in covers])
    low, high = (choose(covers, key=lambda each: each[1]) for choose in (min, max))
    ends = "; ".join(f"{end[1]:.3f} at {end[0]} ({other} {end[2]:.3f})" for end in (low, high))
    print(f"{what:18} {n:5} items x {samples:2} samples: mean {mean:.3f}, {ends} [{seconds:.0f} s]", flush=True)


SIMULATIONS = {
    "shares": (shares, "bootstrap"),
    "humped shares": (humped_shares, "bootstrap"),
    "differences": (differences, "disagree"),
    "humped differences": (humped_differences, "disagree"),
    "tokens": (lengths, "above"),
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--trials", type=int, default=2000)
    options.add_argument("--items", default="30,100,500,5000")
    options.add_argument("--samples", default="1,4,16,64")
    options.add_argument("--of", nargs="*", choices=SIMULATIONS, default=list(SIMULATIONS))
    chosen = options.parse_args()
    for what in chosen.of:
        simulate, other = SIMULATIONS[what]
        for n in map(int, chosen.items.split(",")):
            for samples in map(int, chosen.samples.split(",")):
                began = time.perf_counter()
                covers = list(simulate(np.random.default_rng((n, samples)), n, samples, chosen.trials))
                if covers:
                    print_line(what, n, samples, covers, time.perf_counter() - began, other)


if __name__ == "__main__":
    main()
