"""What a command of `skyassets` is."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from skyassets.assets.place import Place
from skyassets.recipes.recipe import Recipe


def no_arguments(parser: ArgumentParser) -> None:
    """For a command that takes none."""


@dataclass(frozen=True)
class Command:
    """`run` does it for a recipe at a place and returns the exit code; its docstring is the help."""

    run: Callable[[Recipe, Place, Namespace], int]
    arguments: Callable[[ArgumentParser], None] = no_arguments
