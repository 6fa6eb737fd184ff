"""A sandbox that runs nothing and returns the given results."""

from skyassets.core.ports import Limits, Program, ProgramRun


class Replay:
    """A sandbox that returns recorded runs."""

    name = "replay"

    def __init__(self, *runs: ProgramRun) -> None:
        self.runs = list(runs)
        self.programs: list[Program] = []

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        self.programs.append(program)
        return self.runs.pop(0)
