from pathlib import Path

import polars as pl

from skyassets.engines.host.environment import hardware_summary, installed_versions, processor


def test_the_processor_has_its_model_name(tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text("processor\t: 0\nmodel name\t: A Fast One @ 2.0GHz\nprocessor\t: 1\nmodel name\t: Another\n")
    assert processor(listing) == "A Fast One @ 2.0GHz"


def test_a_processor_without_a_name_is_its_architecture(tmp_path: Path) -> None:
    assert processor(tmp_path / "none")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n")
    assert processor(tmp_path / "cpuinfo") == processor(tmp_path / "none")


def test_hardware_is_described_in_two_lines() -> None:
    summary = hardware_summary()
    assert set(summary) == {"gpu", "cpu"}
    assert " cores of " in summary["cpu"]


def test_packages_that_are_not_installed_are_left_out() -> None:
    versions = installed_versions(("polars", "no-such-package-at-all"))
    assert set(versions) == {"python", "polars"}
    assert versions["polars"] == pl.__version__
