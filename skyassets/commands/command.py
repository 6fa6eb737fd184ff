"""What a command of `skyassets` is."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from skyassets.assets.place import Place
from skyassets.recipes.recipe import Recipe


def no_arguments(parser: ArgumentParser) -> None:
    """For a command that takes none."""


@dataclass(frozen=True)
class Exits:
    """What the exit codes say. Beside them, of every command: 130 stopped by Ctrl-C, 141 nobody reads on."""

    well: str = "all is well"
    """0."""
    not_well: str = "there is nothing to show yet"
    """1."""
    not_asked: str = "it could not be asked: a wrong option, recipe or setting"
    """2."""

    @property
    def text(self) -> str:
        """As the help has it."""
        return f"exit codes:\n  0  {self.well}\n  1  {self.not_well}\n  2  {self.not_asked}"


@dataclass(frozen=True)
class Command:
    """`run` does it for a recipe at a place and returns the exit code; its docstring is the help."""

    run: Callable[[Recipe, Place, Namespace], int]
    arguments: Callable[[ArgumentParser], None] = no_arguments
    examples: tuple[tuple[str, str], ...] = ()
    """What one may type after the command's name, and what that is good for."""
    exits: Exits = Exits()

    def epilog(self, name: str) -> str:
        """What stands below the options in the help: the examples, and what the exit codes say."""
        typed = [f"  # {good_for}\n  skyassets {f'{name} {more}'.strip()}" for more, good_for in self.examples]
        return "\n".join(["examples:", *typed, "", self.exits.text])
