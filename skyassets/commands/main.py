"""The entry point: parses the command line, selects recipe and deployment, and handles interrupted commands."""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from skyassets import __version__
from skyassets.commands.completion import COMPLETION, suggest_values
from skyassets.commands.doctor.doctor import DOCTOR
from skyassets.commands.inspection.compare_rewrites import COMPARE_REWRITES
from skyassets.commands.inspection.diff import DIFF
from skyassets.commands.inspection.lineage import LINEAGE
from skyassets.commands.inspection.reask import REASK
from skyassets.commands.inspection.rejudge import REJUDGE
from skyassets.commands.inspection.tokens import TOKENS
from skyassets.commands.inspection.why import WHY
from skyassets.commands.planning.forecast import FORECAST
from skyassets.commands.planning.ledger import LEDGER
from skyassets.commands.planning.plan import PLAN
from skyassets.commands.planning.status import STATUS
from skyassets.commands.results.history import HISTORY
from skyassets.commands.results.publish import PUBLISH
from skyassets.commands.results.report import REPORT
from skyassets.core.errors import SkyassetsError
from skyassets.project.settings import deployment_of
from skyassets.recipes.registry import DEFAULT, find_recipe

COMMANDS = {
    command.name: command
    for command in (
        *(STATUS, DOCTOR, REPORT, HISTORY, PLAN, FORECAST, LEDGER, WHY, LINEAGE, DIFF, PUBLISH, TOKENS),
        *(REJUDGE, REASK, COMPARE_REWRITES),
    )
}
"""The commands that need a recipe and a deployment. `completion` needs neither, so that errors in those cannot break a
starting shell."""
ERROR, STOPPED, PIPE_CLOSED = 2, 130, 141
"""Exit codes: usage error; Ctrl-C and closed output pipe, by shell convention."""
EPILOG = """examples:
  # check whether the recipe can run here, and what to fix
  skyassets doctor
  # what is stale and why, and what a run would cost
  skyassets status
  # the same for another recipe
  SKYASSETS_RECIPE=sky_t1_preview skyassets status
  # more examples
  skyassets COMMAND --help

exit codes:
  0    success
  1    something is missing, stale or does not fit; see each command's help
  2    error: a wrong option, recipe or setting
  130  stopped by Ctrl-C
  141  the reader closed the pipe (as in `skyassets report | head -1`)

Output is not coloured if it is not a terminal, or if NO_COLOR is set.
"""


def main() -> None:
    """Run the command line."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except SkyassetsError as error:
        Console(stderr=True).print(f"skyassets: {error}", style="red", markup=False, highlight=False)
        code = ERROR
    except KeyboardInterrupt:
        sys.stderr.write("\nskyassets: stopped\n")
        code = STOPPED
    except BrokenPipeError:
        # The remaining output has nowhere to go; otherwise Python would try to flush it at exit and report an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = PIPE_CLOSED
    except SystemExit as end:
        # Rich exits like this when its pipe is closed, with a code that means something else here.
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        code = PIPE_CLOSED
    sys.exit(code)


def run(words: Sequence[str]) -> int:
    """Run the command line `words`; returns the exit code.

    Raises:
        SkyassetsError: when the recipe, the settings or the command line are invalid.
    """
    command_line = parser()
    names = (*COMMANDS, COMPLETION.name)
    typed = next((word for word in words if not word.startswith("-")), None)
    if typed is not None and typed not in names:
        similar = difflib.get_close_matches(typed, names, n=2)
        hint = f"did you mean {' or '.join(similar)}?" if similar else "`skyassets --help` lists all commands"
        command_line.error(f"there is no command {typed!r}; {hint}")
    options = command_line.parse_args(words)
    if options.command == COMPLETION.name:
        return COMPLETION.run(command_line, options.shell)
    # As Dagster does: user recipes are in the current folder.
    sys.path.insert(0, str(Path.cwd()))
    recipe = find_recipe(os.environ.get("SKYASSETS_RECIPE", DEFAULT))
    return COMMANDS[options.command].run(recipe, deployment_of(recipe, os.environ), options)


def parser() -> argparse.ArgumentParser:
    """The argument parser, with the help of every command."""
    command_line = argparse.ArgumentParser(
        prog="skyassets",
        description="Inspects and manages a skyassets pipeline. The pipeline itself is run with `dagster`.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command_line.add_argument("--version", action="version", version=f"skyassets {__version__}")
    commands = command_line.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (*COMMANDS.values(), COMPLETION):
        command.add_parser(commands)
    suggest_values(commands.choices)
    return command_line


if __name__ == "__main__":
    main()
