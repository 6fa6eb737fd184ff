"""The training's chart: small, with every spike, and without unmeasured values."""

import xml.etree.ElementTree as ET

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.plots.training_curve import PANELS, POINTS, thinned, training_curve

SPEC = {"kind": pl.String, "step": pl.Int64, "loss": pl.Float64, "learning_rate": pl.Float64} | dict.fromkeys(
    ("grad_norm", "seconds", "mfu", "memory_gb"), pl.Float64
)


def steps(count: int, **changed: object) -> pl.DataFrame:
    rows = [
        {
            "kind": "step",
            "step": n,
            "loss": 1 / n,
            "learning_rate": 1e-5,
            "grad_norm": 0.1 * (n % 7),
            "tokens": 9000 + n,
        }
        | {"seconds": 2.0 + n % 3, "mfu": 0.4 + 0.01 * (n % 5), "memory_gb": 70.0 + n % 2}
        | changed
        for n in range(1, count + 1)
    ]
    return pl.DataFrame(rows, schema=SPEC | {"tokens": pl.Int64})


def titles(picture: str) -> set[str]:
    texts = {text.text for text in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")}
    return texts & {title for title, _ in PANELS.values()}


def test_a_long_run_has_six_panels_in_a_small_picture() -> None:
    picture = training_curve(steps(600))
    assert titles(picture) == {title for title, _ in PANELS.values()}
    assert len(picture.encode()) < 60_000


def test_the_picture_of_the_same_rows_is_the_same() -> None:
    assert training_curve(steps(20)) == training_curve(steps(20).reverse())


def test_an_unmeasured_value_has_no_panel() -> None:
    result = titles(training_curve(steps(5, mfu=None, memory_gb=None)))
    assert result == {"loss, nats per token", "learning rate", "gradient norm", "tokens per second"}


def test_files_and_odd_values_are_no_steps() -> None:
    file = steps(1, kind="file", step=None, loss=None, tokens=None, seconds=None)
    odd = steps(1, step=9, loss=float("nan"), seconds=0.0, mfu=None, grad_norm=float("inf"))
    assert titles(training_curve(pl.concat([file, odd]))) == {"learning rate", "peak memory, GB"}
    assert titles(training_curve(file)) == set()


@given(st.lists(st.floats(-1e9, 1e9), max_size=3000), st.integers(10, 300))
def test_thinning_keeps_ends_order_and_extremes(values: list[float], most: int) -> None:
    points = list(enumerate(values))
    thin = thinned(points, most)
    assert len(thin) <= most + 2
    assert thin == sorted(set(thin))
    assert set(thin) <= set(points)
    if points:
        assert (thin[0], thin[-1]) == (points[0], points[-1])
        assert {min(values), max(values)} <= {value for _, value in thin}


def test_a_short_run_is_drawn_whole() -> None:
    points = [(n, float(n % 3)) for n in range(POINTS)]
    assert thinned(points) == points
