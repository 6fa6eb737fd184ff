"""Libraries that a recipe names: at hand in the sandbox, and nothing else beside them."""

import importlib.util
from collections.abc import Iterator

import pytest
from engines.sandboxed import BACKENDS

from skyassets.core.errors import SandboxError
from skyassets.core.identity import digest
from skyassets.core.ports import Limits, Program, RunKind
from skyassets.engines.sandbox.libraries import library_files
from skyassets.engines.sandbox.pool import WarmSandbox

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("numpy", "sortedcontainers")), reason="no libraries here"
)
LIBRARIES = Limits(seconds=5.0, memory_mb=256, libraries=("numpy", "sortedcontainers"))


@pytest.fixture(scope="module", params=BACKENDS)
def sandbox(request: pytest.FixtureRequest) -> Iterator[WarmSandbox]:
    with BACKENDS[request.param]() as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("import numpy as np\nprint(round(np.linalg.det(np.eye(3) * 2)))", "8\n"),
        ("import numpy.fft, numpy.polynomial.chebyshev\nprint(1)", "1\n"),
        ("from sortedcontainers import SortedList\nprint(*SortedList([2, 1]))", "1 2\n"),
    ],
)
def test_a_named_library_is_at_hand(source: str, output: str, sandbox: WarmSandbox) -> None:
    run = sandbox.run(Program(source), LIBRARIES)
    assert (run.kind, run.output) == (RunKind.FINISHED, output), run


def test_what_lies_beside_it_is_not(sandbox: WarmSandbox) -> None:
    run = sandbox.run(Program("try: import sympy\nexcept ModuleNotFoundError: print('none')"), LIBRARIES)
    assert run.output == "none\n", run
    assert "No module named 'numpy'" in sandbox.run(Program("import numpy"), Limits()).detail


def test_a_library_cannot_be_changed_for_the_next_program(sandbox: WarmSandbox) -> None:
    change = "import numpy\nnumpy.sum = None\nopen(numpy.__file__, 'a').write('x')"
    assert sandbox.run(Program(change), LIBRARIES).kind is RunKind.RUNTIME_ERROR
    assert sandbox.run(Program("import numpy\nprint(numpy.sum([1, 2]))"), LIBRARIES).output == "3\n"


def test_its_numbers_and_arrays_cross(sandbox: WarmSandbox) -> None:
    source = "import numpy as np\ndef f(x): return np.array(x) * 2\ndef g(x): return np.int64(x)"
    check = """
import numpy as np
a = f([[1, 2]])
assert (a == np.array([[2, 4]])).all() and a.shape == (1, 2) and g(3) == 3 and isinstance(g(3), np.int64)
np.testing.assert_allclose(f([1.5]), [3.0])
assert (f(a) == a * 2).all()
"""
    assert sandbox.run(Program(source, check=check, names=("f", "g")), LIBRARIES).output == "passed"
    assert sandbox.run(Program(source, check=check.replace("[3.0]", "[4.0]"), names=("f", "g")), LIBRARIES).output == (
        "failed"
    )
    called = Program("import numpy as np\ndef f(x): return [np.int64(x), np.bool_(x)]", call="f", arguments="[3]")
    assert sandbox.run(called, LIBRARIES).output == "[3, true]"


def test_a_library_that_is_not_installed_stops_the_run(sandbox: WarmSandbox) -> None:
    with pytest.raises(SandboxError, match=r"no_such_library.*not installed"):
        sandbox.run(Program("print(1)"), Limits(libraries=("no_such_library",)))


def test_what_a_library_needs_comes_along_and_limits_without_one_keep_their_id() -> None:
    if importlib.util.find_spec("pandas") is not None:
        assert {"pandas", "numpy", "dateutil"} <= {file.name for file in library_files(("pandas",))}
    assert digest(Limits()) == digest(Limits(libraries=()))
    assert digest(Limits()) != digest(LIBRARIES)
