"""Converts a job's ending to a `ProgramRun`. Only what was written before the program started is trusted."""

import json

from skyassets.core.ports import Program, ProgramRun, RunKind
from skyassets.engines.sandbox.server import Ending

SIGXCPU_STATUS = 128 + 24
VERDICTS = {
    "passed": RunKind.FINISHED,
    "failed": RunKind.FINISHED,
    "error": RunKind.RUNTIME_ERROR,
    "unusable": RunKind.SANDBOX_ERROR,
}


def told(program: Program, ending: Ending) -> ProgramRun:
    """Return the run for this ending."""
    stdout, stderr, channel, *examined = ending.written
    detail = stderr.decode("utf-8", "replace")[-2000:]
    ready, *said = channel.split(b"\n")[:-1] or [b""]
    if ready != b"ready":
        return ProgramRun(RunKind.SANDBOX_ERROR, "", detail or f"the job did not start (status {ending.status})")
    cut = None if ending.cut is None else RunKind(ending.cut)
    if said[:1] != [b"compiled"]:
        if cut is not None:
            return ProgramRun(cut, "", detail)
        if program.check and not said and b'"unusable"' in examined[1]:
            return _examined(examined[1], "", detail)
        why = _value(said[0]) if said else f"the compiler died: {detail}"
        return ProgramRun(RunKind.DOES_NOT_COMPILE, "", why)
    if cut is not None:
        return ProgramRun(cut, "", detail)
    if program.check:
        return _examined(examined[1], examined[0].decode("utf-8", "replace")[-2000:], detail)
    if program.call:
        return _called([line.decode("ascii", "replace") for line in said[1:]], ending, detail)
    if ending.status != 0:
        return ProgramRun(_fault(ending.status, detail), "", detail)
    return ProgramRun(RunKind.FINISHED, stdout.decode("utf-8", "replace"), detail)


def _examined(verdict: bytes, errors: str, detail: str) -> ProgramRun:
    ready, *said = verdict.split(b"\n")[:-1] or [b""]
    if ready != b"ready" or len(said) != 1:
        # The examiner holds no program code: if it dies, the tests caused it.
        return ProgramRun(RunKind.RUNTIME_ERROR if ready == b"ready" else RunKind.SANDBOX_ERROR, "", errors or detail)
    told = json.loads(said[0])
    kind = VERDICTS[told["verdict"]]
    seen = "\n".join(filter(None, (told["detail"], detail)))
    if kind is RunKind.FINISHED:
        return ProgramRun(kind, told["verdict"], seen)
    return ProgramRun(_fault(1, told["detail"]) if kind is RunKind.RUNTIME_ERROR else kind, "", seen)


def _called(results: list[str], ending: Ending, detail: str) -> ProgramRun:
    if len(results) > 1 or not all(map(_is_json, results)):
        return ProgramRun(RunKind.RUNTIME_ERROR, "", "the program wrote on the channel of its results")
    if results:
        return ProgramRun(RunKind.FINISHED, results[0], detail)
    return ProgramRun(_fault(ending.status, detail), "", detail or "the program ended before its call was done")


def _fault(status: int, detail: str) -> RunKind:
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
