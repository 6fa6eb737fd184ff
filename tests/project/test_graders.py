"""The code that decides verdicts is told of whole: a module that is left out would leave wrong verdicts standing."""

import ast

from skyassets.core.code_version import source_path
from skyassets.project.graders import ANSWER_GRADERS, CODE_GRADERS, GRADERS, MATHS, SANDBOX

ENGINES = "skyassets.engines"
BACKENDS = {f"{ENGINES}.{name}" for name in ("landlock_rules",)}
"""What only another backend needs."""


def imported(module: str) -> set[str]:
    """The modules of the engines that `module` imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source_path(module).read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ENGINES):
            names = [f"{ENGINES}.{alias.name}" for alias in node.names] if node.module == ENGINES else [node.module]
            found.update(str(name) for name in names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.startswith(ENGINES))
    return found


def test_what_the_graders_engines_import_is_among_them() -> None:
    for module in (*MATHS, *SANDBOX):
        assert imported(module) <= {*MATHS, *SANDBOX, *BACKENDS}, module


def test_answers_and_programs_together_are_all_graders() -> None:
    assert {*CODE_GRADERS, *ANSWER_GRADERS} - set(GRADERS) == {
        "skyassets.stages.grading.programs",
        "skyassets.stages.grading.answers",
    }
