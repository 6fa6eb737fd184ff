"""Dagster Pipes for processes that engines start: their reports appear live in the run that started them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

from skyassets.engines.training.trainer import Telling


def piped(context: dg.AssetExecutionContext) -> Telling:
    """The environment variables that Pipes needs, for processes started for `context`."""

    @contextmanager
    def session() -> Iterator[Mapping[str, str]]:
        with dg.open_pipes_session(
            context=context,
            context_injector=dg.PipesEnvContextInjector(),
            message_reader=dg.PipesTempFileMessageReader(),
        ) as opened:
            yield opened.get_bootstrap_env_vars()

    return session
