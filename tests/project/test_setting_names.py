"""Settings: a typing error in a name is an error with a suggestion, never a setting that is silently unset."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from skyassets.commands.main import run
from skyassets.core.errors import SkyassetsError
from skyassets.core.ports import Model
from skyassets.project.deployment import ROLES
from skyassets.project.setting_names import NAMES, PREFIX, check_names, known_names
from skyassets.project.settings import deployment_of
from skyassets.recipes.smoke import smoke
from skyassets.stages.evaluation.config import Contender

ROOT = Path(__file__).parents[2]
WITH_RIVAL = replace(smoke(), contenders=(Contender("rival", Model("a/b", "1")),))


def message(*names: str) -> str:
    with pytest.raises(SkyassetsError) as error:
        check_names(names, smoke())
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SKYASSETS_BUGET", "SKYASSETS_BUDGET"),
        ("SKYASSETS_BUDGETS", "SKYASSETS_BUDGET"),
        ("SKYASSETS_budget", "SKYASSETS_BUDGET"),
        ("SKYASSETS_TENSOR_PARALEL", "SKYASSETS_TENSOR_PARALLEL"),
        ("SKYASSETS_HOURPRICE", "SKYASSETS_HOUR_PRICE"),
        ("SKYASSETS_TEACHER_KEY", "SKYASSETS_TEACHER_API_KEY"),
        ("SKYASSETS_TEACHER_URLS", "SKYASSETS_TEACHER_URL"),
        ("SKYASSETS_TEACHR_URL", "SKYASSETS_TEACHER_URL"),
        ("SKYASSETS_TEACHER_RMP", "SKYASSETS_TEACHER_RPM"),
    ],
)
def test_a_typing_error_is_an_error_that_says_what_was_meant(name: str, meant: str) -> None:
    assert f"; did you mean {meant}?" in message(name)


def test_the_error_lists_every_setting_and_every_role() -> None:
    text = message("SKYASSETS_WHATEVER")
    assert text.startswith("SKYASSETS_WHATEVER is no setting of skyassets ")
    assert "did you mean" not in text
    assert all(name in text for name in (*NAMES, *ROLES, "API_KEY", "RPM"))


def test_all_unknown_names_are_named_at_once() -> None:
    text = message("SKYASSETS_BUGET", "SKYASSETS_DATA", "SKYASSETS_ENGIN")
    assert "SKYASSETS_BUGET" in text
    assert "SKYASSETS_ENGIN is" in text
    assert "unset them" in text


def test_a_role_that_the_recipe_does_not_have_is_an_error_that_names_the_roles() -> None:
    text = message("SKYASSETS_RIVAL_URL")
    assert "is for the role rival, which the recipe smoke does not have" in text
    assert f"for the roles {', '.join(ROLES)}:" in text


def test_a_contender_of_the_recipe_has_all_settings_of_a_role() -> None:
    deployment = deployment_of(WITH_RIVAL, {"SKYASSETS_RIVAL_URL": "http://box:1/v1", "SKYASSETS_RIVAL_RPM": "7"})
    assert (deployment.urls["rival"], deployment.rpm["rival"]) == (("http://box:1/v1",), 7)


def test_settings_of_a_role_that_this_recipe_leaves_out_are_no_error() -> None:
    check_names(["SKYASSETS_RATER_URL", "SKYASSETS_JUDGE_PRICE", "OPENAI_API_KEY", "SKYASSET", "PATH"], smoke())


@pytest.mark.parametrize("name", ["SKYASSETS_HOUR_BATCH", "SKYASSETS_MICRO_PRICE", "SKYASSETS_", "SKYASSETS_URL"])
def test_half_a_name_is_no_setting(name: str) -> None:
    assert name in message(name)


def test_every_name_in_the_code_and_the_pages_is_a_setting() -> None:
    files = [*(ROOT / "skyassets").rglob("*.py"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    files += [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    known = known_names((*ROLES, "rival"))
    unknown = {
        (path.name, name)
        for path, text in texts.items()
        for name in re.findall(rf"{PREFIX}[A-Z][A-Z_]*[A-Z]", text)
        if name not in known and not any(each.startswith(f"{name}_") for each in known)
    }
    assert unknown == {("running.md", "SKYASSETS_BUGET")}  # its example of a typing error


def test_every_setting_is_read_by_the_code_or_the_setup() -> None:
    settings = (ROOT / "skyassets/project/settings.py").read_text(encoding="utf-8")
    others = [(ROOT / path).read_text() for path in ("skyassets/definitions.py", "deploy/setup.sh")]
    assert not [name for name in NAMES if f"{PREFIX}{name}" not in "".join([settings, *others])]


def test_a_command_stops_before_it_does_anything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SKYASSETS_RECIPE", "smoke")
    monkeypatch.setenv("SKYASSETS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SKYASSETS_BUGET", "5")
    with pytest.raises(SkyassetsError, match="did you mean SKYASSETS_BUDGET"):
        run(["status"])
    assert not (tmp_path / "data").exists()


def test_dagster_stops_with_the_same_error() -> None:
    environment = {**os.environ, "SKYASSETS_RECIPE": "smoke", "SKYASSETS_BUGET": "5", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import skyassets.definitions"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "SKYASSETS_BUGET is no setting" in done.stderr
    assert "did you mean SKYASSETS_BUDGET?" in done.stderr


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[..., str]:
    """What `deploy/shell.sh` exports as the data folder, sourced in a folder of the user's."""

    def data(**settings: str) -> str:
        environment = {"PATH": os.environ["PATH"], "DAGSTER_HOME": str(tmp_path / "dagster"), **settings}
        command = f"source {ROOT}/deploy/shell.sh && cd / && echo $SKYASSETS_DATA"
        return subprocess.run(
            ["bash", "-c", command], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()

    return data


def test_a_prepared_shell_has_one_data_folder_in_whatever_folder_it_stands(
    prepared: Callable[..., str], tmp_path: Path
) -> None:
    assert prepared() == str(ROOT / "data")
    assert prepared(SKYASSETS_DATA="mine") == str(tmp_path / "mine")
    assert prepared(SKYASSETS_DATA="/my disk/data") == "/my disk/data"
