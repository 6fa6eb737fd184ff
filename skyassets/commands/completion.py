"""`skyassets completion`: shell completion for skyassets."""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping

import shtab

from skyassets.commands.common.command import Command, Exits, argument
from skyassets.core.tables.declarations import ASSET_TABLES
from skyassets.recipes.registry import RECIPES

SHELLS = ("bash", "zsh", "fish")
TABLES = tuple(table.name for table in ASSET_TABLES)
WORDS = {
    ("diff", "before"): TABLES,
    ("diff", "after"): TABLES,
    ("lineage", "id"): ("checkpoint",),
    ("compare-rewrites", "against"): RECIPES,
}
"""Command and argument to suggested values; others may be typed as well."""
FILES = (("compare-rewrites", "system"), ("compare-rewrites", "prompt"))
"""Arguments that name a file."""


def completion(parser: ArgumentParser, shell: str) -> int:
    """Print the script that completes skyassets commands in a shell.

    Save it where the shell looks for completion scripts, as the examples show.
    """
    sys.stdout.write(f"{shtab.complete(parser, shell)}\n")
    return 0


COMPLETION = Command(
    completion,
    (argument("shell", choices=SHELLS),),
    (
        ("bash > skyassets", "for bash, in ~/.local/share/bash-completion/completions"),
        ("zsh > _skyassets", "for zsh, in a folder of $fpath (~/.zfunc), before compinit"),
        ("fish > skyassets.fish", "for fish, in ~/.config/fish/completions"),
    ),
    Exits("the script is printed", "", "this shell is not supported"),
)


def suggest_values(parsers: Mapping[str, ArgumentParser]) -> None:
    """Set what a shell suggests for arguments, given the parser of each command."""
    suggested = {argument: shtab.cmd(f"printf '%s\\n' {' '.join(words)}") for argument, words in WORDS.items()}
    suggested |= dict.fromkeys(FILES, shtab.FILE)
    for (command, name), suggestion in suggested.items():
        (action,) = [action for action in parsers[command]._actions if action.dest == name]
        action.complete = suggestion  # type: ignore[attr-defined]  # where shtab looks for it
