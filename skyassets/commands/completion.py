"""`skyassets completion`: shell completion for skyassets."""

from argparse import ArgumentParser
from collections.abc import Mapping

import shtab

from skyassets.commands.common.command import Exits, epilog
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
EXAMPLES = (
    ("bash > skyassets", "for bash, in ~/.local/share/bash-completion/completions"),
    ("zsh > _skyassets", "for zsh, in a folder of $fpath (~/.zfunc), before compinit"),
    ("fish > skyassets.fish", "for fish, in ~/.config/fish/completions"),
)
HELP_END = epilog("completion", EXAMPLES, Exits("the script is printed", "", "there is no such shell here"))


def script(parser: ArgumentParser, shell: str) -> str:
    """Print what makes a shell complete the words of skyassets.

    Put it where the shell looks for such; the examples say where that is.
    """
    return str(shtab.complete(parser, shell)) + "\n"


def complete_arguments(parsers: Mapping[str, ArgumentParser]) -> None:
    """Set what a shell may offer for arguments, by the parser of their command."""
    offered = {deployment: shtab.cmd(f"printf '%s\\n' {' '.join(words)}") for deployment, words in WORDS.items()}
    offered |= dict.fromkeys(FILES, shtab.FILE)
    for (command, argument), offer in offered.items():
        (action,) = [action for action in parsers[command]._actions if action.dest == argument]
        action.complete = offer  # type: ignore[attr-defined]  # where shtab looks for it
