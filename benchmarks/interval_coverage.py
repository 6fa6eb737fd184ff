"""How often the report's 95% intervals hold the truth, by simulation, beside a percentile bootstrap over items.

    python benchmarks/interval_coverage.py [--trials 2000] [--items 30,100,500,5000] [--samples 1,4,16,64]

Shares: the items' difficulties are beta-distributed about accuracies from 0.1 to 0.95, with an intraclass correlation
of 1/(1 + strength). The accuracy is drawn from within 0.02 of the one named, or an interval of single samples would be
judged by how the few values that it can take lie to one truth (Brown, Cai and DasGupta 2001, Stat. Sci. 16:101).
Differences: a second model is as likely to be right, moved on the scale of log-odds. `disagree` is the chance that one
sample of each differs; where it is small, few items tell anything, and no interval is close to what it claims.
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np

from skyassets.stages.intervals import share_interval
from skyassets.stages.paired import difference

ACCURACIES, STRENGTHS, SHIFTS = (0.1, 0.3, 0.5, 0.8, 0.95), (0.5, 1.0, 2.0, 5.0), (0.0, 0.8)
NEAR = 0.02


def shares(dice: np.random.Generator, n: int, samples: int, trials: int) -> Iterator[tuple[str, float, float]]:
    """Case, coverage, and the bootstrap's."""
    for accuracy in ACCURACIES:
        for strength in STRENGTHS if samples > 1 else (1.0,):
            held = resampled = 0
            for trial in range(trials):
                mean = float(np.clip(accuracy + dice.uniform(-NEAR, NEAR), 0.05, 0.97))
                chance = dice.beta(mean * strength, (1 - mean) * strength, n) if samples > 1 else np.full(n, mean)
                scores = dice.binomial(samples, chance) / samples
                told = share_interval(scores, samples)
                held += told.low <= mean <= told.high
                if trial < trials // 10:
                    means = np.array([scores[dice.integers(0, n, n)].mean() for _ in range(400)])
                    low, high = np.quantile(means, (0.025, 0.975))
                    resampled += low <= mean <= high
            yield f"accuracy {accuracy}, strength {strength}", held / trials, resampled / (trials // 10)


def differences(dice: np.random.Generator, n: int, samples: int, trials: int) -> Iterator[tuple[str, float, float]]:
    """Case, coverage, and how often one sample of each differs."""
    for accuracy in (0.1, 0.5, 0.8):
        for strength in (1.0, 5.0):
            for shift in SHIFTS:
                first, second = _both(dice, accuracy, strength, shift, 400_000)
                truth = float((second - first).mean())
                disagree = float((first * (1 - second) + second * (1 - first)).mean())
                held = 0
                for _ in range(trials):
                    one, other = _both(dice, accuracy, strength, shift, n)
                    told = difference(dice.binomial(samples, one) / samples, dice.binomial(samples, other) / samples)
                    held += told.low <= truth <= told.high
                yield f"accuracy {accuracy}, strength {strength}, shift {shift}", held / trials, disagree


def _both(dice: np.random.Generator, accuracy: float, strength: float, shift: float, n: int) -> tuple:
    first = dice.beta(accuracy * strength, (1 - accuracy) * strength, n).clip(1e-9, 1 - 1e-9)
    odds = np.log(first / (1 - first)) + shift + dice.normal(0, 0.5, n)
    return first, 1 / (1 + np.exp(-odds))


def told(what: str, n: int, samples: int, found: list[tuple[str, float, float]], seconds: float, other: str) -> None:
    """A line: the mean, the worst cases, and the other figure of these."""
    mean = np.mean([cover for _, cover, _ in found])
    low, high = (choose(found, key=lambda each: each[1]) for choose in (min, max))
    ends = "; ".join(f"{end[1]:.3f} at {end[0]} ({other} {end[2]:.3f})" for end in (low, high))
    print(f"{what:11} {n:5} items x {samples:2} samples: mean {mean:.3f}, {ends} [{seconds:.0f} s]", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--trials", type=int, default=2000)
    options.add_argument("--items", default="30,100,500,5000")
    options.add_argument("--samples", default="1,4,16,64")
    chosen = options.parse_args()
    for what, simulate, other in (("shares", shares, "bootstrap"), ("differences", differences, "disagree")):
        for n in map(int, chosen.items.split(",")):
            for samples in map(int, chosen.samples.split(",")):
                began = time.perf_counter()
                dice = np.random.default_rng((n, samples))
                found = list(simulate(dice, n, samples, chosen.trials))
                told(what, n, samples, found, time.perf_counter() - began, other)


if __name__ == "__main__":
    main()
