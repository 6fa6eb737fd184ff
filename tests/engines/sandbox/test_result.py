from skyassets.core.ports import Program, RunKind
from skyassets.engines.sandbox.result import run_of
from skyassets.engines.sandbox.server import JobOutcome


def test_tests_that_do_not_compile_are_unusable_even_before_the_program_has_started() -> None:
    verdict = b'ready\n{"verdict": "unusable", "detail": "the tests do not compile"}\n'
    run = run_of(Program("f = 1", check="assert ("), JobOutcome(0, None, (b"", b"", b"", b"", verdict)))
    assert (run.kind, run.detail) == (RunKind.SANDBOX_ERROR, "the tests do not compile")
