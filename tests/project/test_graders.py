"""The code that decides verdicts is named whole: a module that is left out would leave wrong verdicts standing."""

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


def test_what_the_graders_engines_import_is_among_them() -> None:
    graders = {module for name in GRADERS for module in modules_of(name)}
    for module in graders:
        if module.startswith(ENGINES):
            assert imported(module) <= graders, module


def test_answers_and_programs_together_are_all_graders() -> None:
    assert {*CODE_GRADERS, *ANSWER_GRADERS} - set(GRADERS) == {
        "skyassets.stages.grading.programs",
        "skyassets.stages.grading.answers",
    }
