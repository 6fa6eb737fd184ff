"""Code versions: a change of what the code does is seen through every import; a move or a renamed file is not seen."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from skyassets.core.code.version import code_version, modules_of
from skyassets.core.errors import IdentityError

ROOT = Path(__file__).parents[3]
CORE = (
    "__init__", "core/__init__", "core/code/__init__", "core/code/cache", "core/code/former_versions",
    "core/code/reading", "core/code/version", "core/errors", "core/identity", "core/moved_modules",
)  # fmt: skip
Tree = dict[str, str]
LEAF = "def f():\n    return 1\n"
PACKAGES = {"skyassets/stages/__init__.py": "", "skyassets/stages/pkg/__init__.py": '"""A package."""\n'}


@pytest.fixture
def version_of(tmp_path: Path) -> Callable[..., str]:
    """The version of modules in a package that holds the files of a tree beside the code that computes versions."""
    count = iter(range(1000))

    def version(tree: Tree, *modules: str) -> str:
        home = tmp_path / str(next(count))
        for name in CORE:
            (home / "skyassets" / name).parent.mkdir(parents=True, exist_ok=True)
            (home / f"skyassets/{name}.py").write_text((ROOT / f"skyassets/{name}.py").read_text())
        for name, text in {**PACKAGES, **tree}.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text)
        program = f"from skyassets.core.code.version import code_version; print(code_version(*{modules!r}))"
        done = subprocess.run(
            [sys.executable, "-S", "-c", program], cwd=home, check=True, capture_output=True, text=True
        )
        return done.stdout

    return version


FORMS = {
    "from module import name": "from skyassets.stages.pkg.leaf import f\nx = f()\n",
    "from module import name as": "from skyassets.stages.pkg.leaf import f as g\nx = g()\n",
    "from package import module": "from skyassets.stages.pkg import leaf\nx = leaf.f()\n",
    "from package import module as": "from skyassets.stages.pkg import leaf as other\nx = other.f()\n",
    "from stages import package": "from skyassets.stages import pkg\nx = pkg.leaf.f()\n",
    "import module": "import skyassets.stages.pkg.leaf\nx = skyassets.stages.pkg.leaf.f()\n",
    "import module as": "import skyassets.stages.pkg.leaf as other\nx = other.f()\n",
    "import star": "from skyassets.stages.pkg.leaf import *\nx = f()\n",
    "relative name": "from .pkg.leaf import f\nx = f()\n",
    "relative module": "from .pkg import leaf\nx = leaf.f()\n",
    "inside a function": "def g():\n    from skyassets.stages.pkg import leaf\n    return leaf.f()\n",
    "under a condition": "try:\n    from skyassets.stages.pkg.leaf import f\nexcept ImportError:\n    f = None\n",
    "named by a string": "import importlib\nx = importlib.import_module('skyassets.stages.pkg.leaf')\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_changed_leaf_is_seen_through_every_form_of_import(form: str, version_of: Callable[..., str]) -> None:
    tree = {"skyassets/stages/top.py": FORMS[form], "skyassets/stages/pkg/leaf.py": LEAF}
    before = version_of(tree, "skyassets.stages.top")
    after = version_of({**tree, "skyassets/stages/pkg/leaf.py": LEAF.replace("1", "2")}, "skyassets.stages.top")
    assert before != after


def test_a_changed_package_file_is_seen_behind_its_modules(version_of: Callable[..., str]) -> None:
    tree = {"skyassets/stages/top.py": FORMS["from module import name"], "skyassets/stages/pkg/leaf.py": LEAF}
    changed = {**tree, "skyassets/stages/pkg/__init__.py": "import sys\nsys.setrecursionlimit(9)\n"}
    assert version_of(tree, "skyassets.stages.top") != version_of(changed, "skyassets.stages.top")


def test_a_changed_template_of_a_package_is_seen(version_of: Callable[..., str]) -> None:
    tree = {
        "skyassets/stages/top.py": "x = PackageLoader('skyassets.stages.pkg')\n",
        "skyassets/stages/pkg/page.html.j2": "<p>",
    }
    changed = {**tree, "skyassets/stages/pkg/page.html.j2": "<h1>"}
    assert version_of(tree, "skyassets.stages.top") != version_of(changed, "skyassets.stages.top")


def test_a_name_that_a_package_re_exports_leads_to_its_module(version_of: Callable[..., str]) -> None:
    tree = {
        "skyassets/stages/top.py": "from skyassets.stages.pkg import f\nx = f()\n",
        "skyassets/stages/pkg/__init__.py": "from skyassets.stages.pkg.leaf import f\n",
        "skyassets/stages/pkg/leaf.py": LEAF,
    }
    changed = {**tree, "skyassets/stages/pkg/leaf.py": LEAF.replace("1", "2")}
    assert version_of(tree, "skyassets.stages.top") != version_of(changed, "skyassets.stages.top")


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ("import star",)])
def test_a_moved_leaf_changes_no_version(form: str, version_of: Callable[..., str]) -> None:
    before = version_of(
        {"skyassets/stages/top.py": FORMS[form], "skyassets/stages/pkg/leaf.py": LEAF}, "skyassets.stages.top"
    )
    moved = FORMS[form].replace("pkg.leaf", "other.blade").replace("pkg import leaf", "other import blade")
    moved = moved.replace("leaf.f", "blade.f").replace("import pkg", "import other").replace("pkg.blade", "other.blade")
    tree = {
        "skyassets/stages/summit.py": moved,
        "skyassets/stages/other/__init__.py": "",
        "skyassets/stages/other/blade.py": LEAF,
    }
    assert version_of(tree, "skyassets.stages.summit") == before


def test_another_function_of_the_same_name_changes_the_version(version_of: Callable[..., str]) -> None:
    tree = {
        "skyassets/stages/top.py": "from skyassets.stages.a import f\nfrom skyassets.stages.b import g\nx = f(), g()\n",
        "skyassets/stages/a.py": "def f(): return 1\ndef g(): return 2\n",
        "skyassets/stages/b.py": "def f(): return 3\ndef g(): return 4\n",
    }
    swapped = tree["skyassets/stages/top.py"].replace("stages.a import f", "stages.b import f")
    changed = {**tree, "skyassets/stages/top.py": swapped}
    assert version_of(tree, "skyassets.stages.top") != version_of(changed, "skyassets.stages.top")


def test_modules_may_import_each_other_in_a_circle(version_of: Callable[..., str]) -> None:
    tree = {
        "skyassets/stages/a.py": "from skyassets.stages import b\ndef f(): return b.g\n",
        "skyassets/stages/b.py": "from skyassets.stages import a\ndef g(): return a.f\n",
    }
    changed = {**tree, "skyassets/stages/b.py": tree["skyassets/stages/b.py"] + "LIMIT = 1\n"}
    assert version_of(tree, "skyassets.stages.a") != version_of(changed, "skyassets.stages.a")


def test_core_and_engines_are_not_followed(version_of: Callable[..., str]) -> None:
    tree = {
        "skyassets/stages/top.py": "from skyassets.core.shape import f\nx = f()\n",
        "skyassets/core/shape.py": LEAF,
    }
    changed = {**tree, "skyassets/core/shape.py": LEAF.replace("1", "2")}
    assert version_of(tree, "skyassets.stages.top") == version_of(changed, "skyassets.stages.top")


def test_a_package_includes_all_modules_in_it(version_of: Callable[..., str]) -> None:
    tree = {"skyassets/engines/__init__.py": "", "skyassets/engines/box/__init__.py": ""}
    one = {**tree, "skyassets/engines/box/deep/__init__.py": "", "skyassets/engines/box/deep/guest.py": LEAF}
    two = {**one, "skyassets/engines/box/forgotten.py": "LIMIT = 1\n"}
    versions = {version_of(each, "skyassets.engines.box") for each in (tree, one, two)}
    assert len(versions) == 3
    assert "skyassets.stages" in modules_of("skyassets.stages")


def test_no_code_is_run_to_compute_its_version() -> None:
    program = (
        "import sys; from skyassets.core.code.version import code_version, modules_of; "
        "code_version(*modules_of('skyassets.stages')); sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_missing_module_is_refused() -> None:
    with pytest.raises(IdentityError, match="no Python source file"):
        code_version("skyassets.stages.nowhere")


def test_the_version_of_given_code_never_changes(version_of: Callable[..., str]) -> None:
    # Another digest of the same code would train every student again.
    tree = {"skyassets/stages/top.py": FORMS["from package import module"], "skyassets/stages/pkg/leaf.py": LEAF}
    assert version_of(tree, "skyassets.stages.top") == "827f58158c518eea2af9c9cc66dbdd98\n"
