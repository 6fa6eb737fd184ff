"""The entry point: which command, for which recipe, at which place."""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from skyassets import __version__
from skyassets.assets.environment import from_environment
from skyassets.commands.command import Command
from skyassets.commands.compare_rewrites import COMPARE_REWRITES
from skyassets.commands.diff import DIFF
from skyassets.commands.doctor import doctor
from skyassets.commands.forecast import FORECAST
from skyassets.commands.ledger import LEDGER_COMMAND
from skyassets.commands.lineage import LINEAGE
from skyassets.commands.plan import PLAN
from skyassets.commands.rejudge import REJUDGE
from skyassets.commands.report import report
from skyassets.commands.tokens import TOKENS
from skyassets.commands.why import WHY
from skyassets.core.errors import SkyassetsError
from skyassets.recipes.find import DEFAULT, find_recipe

EXAMPLES = """examples:
  skyassets doctor                                    can the recipe run here, and if not, what to do
  SKYASSETS_RECIPE=sky_t1_preview skyassets doctor    the same for another recipe
  skyassets report                                    what there is of each table, and the scores
  skyassets why "6 times 9"                           what is reused, what would be asked, and why
  skyassets lineage checkpoint                        what a row was made from, and what was made of it
  skyassets tokens                                    the first example as the trainer sees it, with its loss mask
  skyassets plan --on 8xH100-80GB                     does the training fit, and what does it take and cost
  skyassets rejudge                                   have what nobody could judge judged again
  skyassets compare-rewrites --prompt mine.txt        the recipe's rewriting prompt against another one
  skyassets diff sft_dataset                          what changed since the table was last another one
  skyassets diff smoke/sft_dataset embedded/sft_dataset    two tables; or two Parquet files

exit codes: 0 all is well, 1 something is missing, 2 it could not be asked (wrong recipe or setting);
of diff: 0 the two say the same, 1 they differ, 2 they cannot be compared
"""
COMMANDS = {"doctor": Command(doctor), "report": Command(report), "lineage": LINEAGE, "why": WHY}
COMMANDS |= {"compare-rewrites": COMPARE_REWRITES}
COMMANDS |= {"rejudge": REJUDGE}
COMMANDS |= {"diff": DIFF}
COMMANDS |= {"tokens": TOKENS}
COMMANDS |= {"plan": PLAN, "forecast": FORECAST, "ledger": LEDGER_COMMAND}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="skyassets",
        description="Looks after a skyassets pipeline; the pipeline itself is run with `dagster`.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skyassets {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        words = command.run.__doc__ or ""
        command.arguments(commands.add_parser(name, help=words.splitlines()[0], description=words))
    # As Dagster does: a recipe of one's own lies in the folder one works in.
    sys.path.insert(0, str(Path.cwd()))
    options = parser.parse_args()
    try:
        recipe = find_recipe(os.environ.get("SKYASSETS_RECIPE", DEFAULT))
        sys.exit(COMMANDS[options.command].run(recipe, from_environment(os.environ), options))
    except SkyassetsError as error:
        Console(stderr=True).print(f"skyassets: {error}", style="red", markup=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
