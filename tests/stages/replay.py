"""A sandbox that runs nothing and says what it is told to."""

from skyassets.core.ports import Limits, Program, Run


class Replay:
    """A sandbox that has seen it all before."""

    name = "replay"

    def __init__(self, *runs: Run) -> None:
        self.runs = list(runs)
        self.programs: list[Program] = []

    def run(self, program: Program, limits: Limits) -> Run:
        self.programs.append(program)
        return self.runs.pop(0)
