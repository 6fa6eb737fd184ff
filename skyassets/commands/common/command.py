"""Defines a command of `skyassets`: the function it runs, its arguments and its help."""

import inspect
import textwrap
from argparse import ArgumentParser, RawDescriptionHelpFormatter, _SubParsersAction
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Argument = tuple[tuple[str, ...], dict[str, Any]]


def argument(*names: str, **options: object) -> Argument:
    """An argument of a command, as `ArgumentParser.add_argument` takes it."""
    return names, options


def json_argument(description: str = "print JSON") -> Argument:
    """The option `--json`."""
    return argument("--json", action="store_true", help=description)


@dataclass(frozen=True)
class Exits:
    """Meanings of the exit codes. Every command also uses 130 (stopped by Ctrl-C) and 141 (output pipe closed)."""

    success: str = "success"
    """0."""
    failure: str = "there is nothing to show yet"
    """1; empty for a command that never returns it."""
    error: str = "error: a wrong option, recipe or setting"
    """2."""


@dataclass(frozen=True)
class Command:
    """A command. `run` takes a recipe, a deployment and the options, and returns the exit code."""

    run: Callable[..., int]
    """Its name is the command's name, and its docstring the help."""
    arguments: tuple[Argument, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    """What to type after the command's name, and its purpose."""
    exits: Exits = Exits()

    @property
    def name(self) -> str:
        """What to type after `skyassets`."""
        return self.run.__name__.replace("_", "-")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's arguments to `parser`."""
        for names, options in self.arguments:
            parser.add_argument(*names, **options)

    def add_parser(self, commands: "_SubParsersAction[ArgumentParser]") -> None:
        """Add the command with its help to the command line."""
        summary, *more = (inspect.getdoc(self.run) or "").split("\n\n")
        examples = [f"  # {purpose}\n  skyassets {f'{self.name} {words}'.strip()}" for words, purpose in self.examples]
        codes = enumerate((self.exits.success, self.exits.failure, self.exits.error))
        exits = [f"  {code}  {meaning}" for code, meaning in codes if meaning]
        parser = commands.add_parser(
            self.name,
            help=" ".join(summary.split()),
            description="\n\n".join(map(textwrap.fill, (summary, *more))),
            epilog="\n".join(["examples:", *examples, "", "exit codes:", *exits]),
            formatter_class=RawDescriptionHelpFormatter,
        )
        self.add_arguments(parser)
