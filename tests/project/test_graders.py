"""The list of code that decides verdicts is complete: changes of a missing module would keep wrong verdicts."""

import ast

from skyassets.core.code.version import modules_of, source_path
from skyassets.project.graders import ANSWER_GRADERS, CODE_GRADERS, GRADERS

ENGINES = "skyassets.engines"


def imported(module: str) -> set[str]:
    """The modules of the engines that `module` imports, wherever in it."""
    paths: set[str] = set()
    for node in ast.walk(ast.parse(source_path(module).read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ENGINES):
            paths.add(str(node.module))
        elif isinstance(node, ast.Import):
            paths.update(alias.name for alias in node.names if alias.name.startswith(ENGINES))
    return paths


def test_the_engines_that_graders_import_are_listed_too() -> None:
    graders = {module for name in GRADERS for module in modules_of(name)}
    for module in graders:
        if module.startswith(ENGINES):
            assert imported(module) <= graders, module


def test_answers_and_programs_together_are_all_graders() -> None:
    assert {*CODE_GRADERS, *ANSWER_GRADERS} - set(GRADERS) == {
        "skyassets.stages.grading.programs",
        "skyassets.stages.grading.answers",
    }
