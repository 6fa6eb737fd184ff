"""Converts a job's outcome to a `ProgramRun`.

Only what was written before the program started is trusted about the run.
"""

import json

from skyassets.core.ports import Program, ProgramRun, RunKind
from skyassets.engines.sandbox.server import JobOutcome

SIGXCPU_STATUS = 128 + 24
VERDICTS = {
    "passed": RunKind.FINISHED,
    "failed": RunKind.FINISHED,
    "error": RunKind.RUNTIME_ERROR,
    "unusable": RunKind.SANDBOX_ERROR,
}


def run_of(program: Program, outcome: JobOutcome) -> ProgramRun:
    """Return the run that ended with `outcome`."""
    stdout, stderr, channel, *examined = outcome.outputs
    detail = stderr.decode("utf-8", "replace")[-2000:]
    ready, *lines = channel.split(b"\n")[:-1] or [b""]
    if program.check and not lines and b'"unusable"' in examined[1]:
        # The examiner did not wait for the program.
        return _examined(examined[1], "", detail)
    if ready != b"ready":
        return ProgramRun(RunKind.SANDBOX_ERROR, "", detail or f"the job did not start (status {outcome.status})")
    if outcome.exceeded is not None:
        return ProgramRun(RunKind(outcome.exceeded), "", detail)
    if lines[:1] != [b"compiled"]:
        return ProgramRun(RunKind.DOES_NOT_COMPILE, "", _value(lines[0]) if lines else f"the compiler died: {detail}")
    if program.check:
        return _examined(examined[1], examined[0].decode("utf-8", "replace")[-2000:], detail)
    if program.call:
        return _called([line.decode("ascii", "replace") for line in lines[1:]], outcome, detail)
    if outcome.status != 0:
        return ProgramRun(_error_kind(outcome.status, detail), "", detail)
    return ProgramRun(RunKind.FINISHED, stdout.decode("utf-8", "replace"), detail)


def _examined(verdict: bytes, errors: str, detail: str) -> ProgramRun:
    ready, *lines = verdict.split(b"\n")[:-1] or [b""]
    if ready != b"ready" or len(lines) != 1:
        # The examiner holds no program code: if it dies, the tests caused it.
        return ProgramRun(RunKind.RUNTIME_ERROR if ready == b"ready" else RunKind.SANDBOX_ERROR, "", errors or detail)
    result = json.loads(lines[0])
    kind = VERDICTS[result["verdict"]]
    details = "\n".join(filter(None, (result["detail"], detail)))
    if kind is RunKind.FINISHED:
        return ProgramRun(kind, result["verdict"], details)
    return ProgramRun(_error_kind(1, result["detail"]) if kind is RunKind.RUNTIME_ERROR else kind, "", details)


def _called(results: list[str], outcome: JobOutcome, detail: str) -> ProgramRun:
    if len(results) > 1 or not all(map(_is_json, results)):
        return ProgramRun(RunKind.RUNTIME_ERROR, "", "the program wrote on the channel of its results")
    if results:
        return ProgramRun(RunKind.FINISHED, results[0], detail)
    return ProgramRun(_error_kind(outcome.status, detail), "", detail or "the program ended before its call was done")


def _error_kind(status: int, detail: str) -> RunKind:
    if status == SIGXCPU_STATUS:
        return RunKind.TIME_LIMIT
    last = detail.strip().rpartition("\n")[2]
    return RunKind.MEMORY_LIMIT if last.startswith("MemoryError") else RunKind.RUNTIME_ERROR


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _value(line: bytes) -> str:
    return str(json.loads(line)) if _is_json(line.decode("ascii", "replace")) else ""
