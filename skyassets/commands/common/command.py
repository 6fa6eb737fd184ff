"""Defines a command of `skyassets`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe


def no_arguments(parser: ArgumentParser) -> None:
    """For a command without arguments."""


@dataclass(frozen=True)
class Exits:
    """Meanings of the exit codes. Every command also uses 130 (stopped by Ctrl-C) and 141 (output pipe closed)."""

    well: str = "all is well"
    """0."""
    not_well: str = "there is nothing to show yet"
    """1; empty for a command that never returns it."""
    not_asked: str = "it could not be asked: a wrong option, recipe or setting"
    """2."""

    @property
    def text(self) -> str:
        """The text shown in the help."""
        told = {0: self.well, 1: self.not_well, 2: self.not_asked}
        return "\n".join(["exit codes:", *(f"  {code}  {said}" for code, said in told.items() if said)])


@dataclass(frozen=True)
class Command:
    """`run` executes the command for a recipe at a deployment and returns the exit code; its docstring is the help."""

    run: Callable[[Recipe, Deployment, Namespace], int]
    arguments: Callable[[ArgumentParser], None] = no_arguments
    examples: tuple[tuple[str, str], ...] = ()
    """What to type after the command's name, and its purpose."""
    exits: Exits = Exits()

    def epilog(self, name: str) -> str:
        """The text below the options in the help."""
        return epilog(name, self.examples, self.exits)


def epilog(name: str, examples: Sequence[tuple[str, str]], exits: Exits) -> str:
    """The end of a command's help: the examples and the exit codes."""
    typed = [f"  # {good_for}\n  skyassets {f'{name} {more}'.strip()}" for more, good_for in examples]
    return "\n".join(["examples:", *typed, "", exits.text])
