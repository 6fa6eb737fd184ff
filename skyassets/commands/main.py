"""The entry point: parses the command line, selects recipe and deployment, and handles interrupted commands."""

import argparse
import difflib
import inspect
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from skyassets import __version__
from skyassets.commands.common.command import Command
from skyassets.commands.completion import HELP_END, SHELLS, complete_arguments, script
from skyassets.commands.doctor.doctor import DOCTOR
from skyassets.commands.inspection.compare_rewrites import COMPARE_REWRITES
from skyassets.commands.inspection.diff import DIFF
from skyassets.commands.inspection.lineage import LINEAGE
from skyassets.commands.inspection.rejudge import REJUDGE
from skyassets.commands.inspection.tokens import TOKENS
from skyassets.commands.inspection.why import WHY
from skyassets.commands.planning.forecast import FORECAST
from skyassets.commands.planning.ledger import LEDGER_COMMAND
from skyassets.commands.planning.plan import PLAN
from skyassets.commands.planning.status import STATUS
from skyassets.commands.results.history import HISTORY
from skyassets.commands.results.publish import PUBLISH
from skyassets.commands.results.report import REPORT
from skyassets.core.errors import SkyassetsError
from skyassets.project.settings import from_environment
from skyassets.recipes.registry import DEFAULT, find_recipe

COMMANDS: dict[str, Command] = {}
COMMANDS |= {"status": STATUS}
COMMANDS |= {"doctor": DOCTOR}
COMMANDS |= {"report": REPORT}
COMMANDS |= {"history": HISTORY}
COMMANDS |= {"plan": PLAN}
COMMANDS |= {"forecast": FORECAST}
COMMANDS |= {"ledger": LEDGER_COMMAND}
COMMANDS |= {"why": WHY}
COMMANDS |= {"lineage": LINEAGE}
COMMANDS |= {"diff": DIFF}
COMMANDS |= {"publish": PUBLISH}
COMMANDS |= {"tokens": TOKENS}
COMMANDS |= {"rejudge": REJUDGE}
COMMANDS |= {"compare-rewrites": COMPARE_REWRITES}

COMPLETION = "completion"
"""Handled separately: it needs no recipe or deployment, and errors in those must not break a starting shell."""
NOT_ASKED, STOPPED, UNREAD = 2, 130, 141
"""Exit codes: usage error; Ctrl-C and closed output pipe, by shell convention."""
EPILOG = """examples:
  # can the recipe run here, and if not, what to do
  skyassets doctor
  # what is stale and why, and what a run would cost
  skyassets status
  # the same for another recipe
  SKYASSETS_RECIPE=sky_t1_preview skyassets status
  # more examples
  skyassets COMMAND --help

exit codes:
  0    all is well
  1    something is missing, stale or does not fit; each command's help says what
  2    it could not be asked: a wrong option, recipe or setting
  130  stopped by Ctrl-C
  141  nobody read what it had to say (as in `skyassets report | head -1`)

There is no colour where the output is no terminal, or NO_COLOR is set.
"""


def main() -> None:
    """Run the command line."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except SkyassetsError as error:
        Console(stderr=True).print(f"skyassets: {error}", style="red", markup=False, highlight=False)
        code = NOT_ASKED
    except KeyboardInterrupt:
        sys.stderr.write("\nskyassets: stopped\n")
        code = STOPPED
    except BrokenPipeError:
        # The remaining output has nowhere to go; otherwise Python would try to flush it at exit and report an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = UNREAD
    except SystemExit as end:
        # Rich exits like this when its pipe is closed, with a code that means something else here.
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        code = UNREAD
    sys.exit(code)


def run(words: Sequence[str]) -> int:
    """Run the command line `words`; returns the exit code.

    Raises:
        SkyassetsError: when the recipe, the settings or the command line are invalid.
    """
    known = parser()
    typed = next((word for word in words if not word.startswith("-")), None)
    if typed is not None and typed not in (*COMMANDS, COMPLETION):
        like = difflib.get_close_matches(typed, (*COMMANDS, COMPLETION), n=2)
        meant = f"; did you mean {' or '.join(like)}?" if like else "; `skyassets --help` lists them all"
        known.error(f"there is no command {typed!r}{meant}")
    options = known.parse_args(words)
    if options.command == COMPLETION:
        sys.stdout.write(script(known, options.shell))
        return 0
    # As Dagster does: user recipes are in the current folder.
    sys.path.insert(0, str(Path.cwd()))
    recipe = find_recipe(os.environ.get("SKYASSETS_RECIPE", DEFAULT))
    return COMMANDS[options.command].run(recipe, from_environment(os.environ), options)


def parser() -> argparse.ArgumentParser:
    """The argument parser, with the help of every command."""
    made = argparse.ArgumentParser(
        prog="skyassets",
        description="Looks after a skyassets pipeline; the pipeline itself is run with `dagster`.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"skyassets {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        words = command.run.__doc__ or ""
        command.arguments(
            commands.add_parser(
                name,
                help=words.splitlines()[0],
                description="\n\n".join(textwrap.fill(part) for part in inspect.cleandoc(words).split("\n\n")),
                epilog=command.epilog(name),
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    completion = commands.add_parser(COMPLETION, help="Print what makes a shell complete the words of skyassets.")
    completion.add_argument("shell", choices=SHELLS)
    completion.description = inspect.getdoc(script)
    completion.epilog = HELP_END
    completion.formatter_class = argparse.RawDescriptionHelpFormatter
    complete_arguments(commands.choices)
    return made


if __name__ == "__main__":
    main()
