"""What cannot cross between the program and its tests: right or unjudged, never wrong; and no cheat is unjudged."""

# ruff: noqa: E501

import re

import pytest
from engines.sandboxed import LIMITS, examined

from skyassets.core.ports import RunKind

POINT = """
class Point:
    def __init__(self, x, y): self.x, self.y = x, y
    def __eq__(self, other): return isinstance(other, Point) and (self.x, self.y) == (other.x, other.y)
    def __hash__(self): return hash((self.x, self.y))
    def __add__(self, other): return Point(self.x + other.x, self.y + other.y)
    def __mul__(self, n): return Point(self.x * n, self.y * n)
    def __lt__(self, other): return self.x < other.x
    def __repr__(self): return f'Point({self.x}, {self.y})'
def middle(a, b): return Point((a.x + b.x) / 2, (a.y + b.y) / 2)
"""
BAG = """
class Bag:
    def __init__(self, items=()): self.items = list(items)
    def add(self, item): self.items.append(item)
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __getitem__(self, at): return self.items[at]
    def __setitem__(self, at, item): self.items[at] = item
    def __delitem__(self, at): del self.items[at]
    def __contains__(self, item): return item in self.items
    def __bool__(self): return bool(self.items)
    def __enter__(self): return self
    def __exit__(self, *error): self.items.clear()
    def __iadd__(self, other):
        self.items += other.items
        return self
"""
RIGHT = {
    "a generator made a list": ("def f(n): yield from range(n)", "assert list(f(3)) == [0, 1, 2]"),
    "a generator in a set, a sum and a dictionary": (
        "def f(n): return ((i, i) for i in range(n))",
        "assert set(f(2)) == {(0, 0), (1, 1)} and dict(f(2)) == {0: 0, 1: 1} and max(f(3)) == (2, 2)",
    ),
    "unpacking": ("def f(): yield from 'ab'", "a, b = f()\nassert a + b == 'ab' and [*f()] == ['a', 'b']"),
    "membership of a generator": ("def f(): yield from (1, 2)", "assert 2 in f() and 3 not in f()"),
    "map, filter, zip, enumerate, reversed": (
        "def f(a): return map(str, a), filter(None, a), zip(a, a), enumerate(a), reversed(a)",
        "a = f([0, 1])\nassert [list(b) for b in a] == [['0', '1'], [1], [(0, 0), (1, 1)], [(0, 0), (1, 1)], [1, 0]]",
    ),
    "a generator is one": (
        "def f(): yield 1",
        "import inspect, types\nfrom collections.abc import Iterator\ng = f()\n"
        "assert inspect.isgenerator(g) and isinstance(g, (types.GeneratorType,)) and isinstance(g, Iterator)\n"
        "assert not callable(g) and not hasattr(g, '__len__') and type(g).__name__ == 'generator' and iter(g) is g",
    ),
    "sending to a generator": ("def f():\n    x = yield 1\n    yield x", "g = f()\nassert next(g) == 1 and g.send(5) == 5"),
    "a generator that raises": (
        "def f():\n    yield 1\n    raise KeyError('k')",
        "g = f()\nnext(g)\ntry: next(g)\nexcept KeyError as e: assert e.args == ('k',)\nelse: assert False",
    ),
    "a deque": ("from collections import deque\ndef f(a): return deque(a, 2)",
                "from collections import deque\nassert f([1, 2, 3]) == deque([2, 3]) and f([1]).maxlen == 2"),
    "a deque that is changed": ("def f(q): q.appendleft(q.pop())",
                                "from collections import deque\nq = deque([1, 2])\nf(q)\nassert q == deque([2, 1])"),
    "a counter": ("from collections import Counter\ndef f(t): return Counter(t)",
                  "from collections import Counter\nassert f('aab') == Counter('aab') == {'a': 2, 'b': 1}\n"
                  "assert f('a')['z'] == 0 and f('aab').most_common(1) == [('a', 2)]"),
    "an ordered dictionary": ("from collections import OrderedDict\ndef f(): return OrderedDict([(1, 2), (0, 3)])",
                              "from collections import OrderedDict\nassert f() == OrderedDict([(1, 2), (0, 3)])\n"
                              "assert f() != OrderedDict([(0, 3), (1, 2)]) and f() == {0: 3, 1: 2}"),
    "a default dictionary": ("from collections import defaultdict\ndef f(): return defaultdict(lambda: [7], {1: [2]})",
                             "d = f()\nassert d == {1: [2]} and d[5] == [7] and d == {1: [2], 5: [7]}"),
    "a named tuple": ("from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 2\ndef f(): return P(1)",
                      "p = f()\nassert p == (1, 2) and p.y == 2 and p._asdict() == {'x': 1, 'y': 2}"),
    "an enumeration": ("from enum import Enum, IntEnum\nclass C(Enum): RED = 1\nclass N(IntEnum): ONE = 1\n"
                       "def f(): return C.RED, N.ONE",
                       "a, b = f()\nassert a == C.RED and a is C.RED and a.name == 'RED' and b == 1 and b.name == 'ONE'\n"
                       "assert [c.value for c in C] == [1] and C(1) is a and C['RED'] is a and len(C) == 1"),
    "a class": (POINT, "a, b = Point(1, 2), Point(3, 4)\nassert a == Point(1, 2) and a != b and a + b == Point(4, 6)\n"
                "assert a * 3 == Point(3, 6) and middle(a, b) == Point(2.0, 3.0) and repr(a) == str(a) == 'Point(1, 2)'\n"
                "assert sorted([b, a]) == [a, b] and {a: 1}[Point(1, 2)] == 1 and f'{a}' == 'Point(1, 2)'\n"
                "assert isinstance(a, Point) and not isinstance(3, Point) and a.x == 1 and type(a).__name__ == 'Point'\n"
                "assert a != 3 and not a == (1, 2) and a is not None"),
    "a container": (BAG, "b = Bag()\nassert not b\nb.add(1)\nb.add(2)\nassert len(b) == 2 and b and list(b) == [1, 2]\n"
                    "assert b[0] == 1 and b[-1] == 2 and 2 in b and 3 not in b\nb[0] = 5\ndel b[1]\nassert [*b] == [5]\n"
                    "b += Bag([6])\nassert list(b) == [5, 6]\nwith b as c: assert c is b\nassert len(b) == 0\n"
                    "try: b[9]\nexcept IndexError: pass\nelse: assert False"),
    "data that the tests change in an object": (BAG, "b = Bag()\nb.items.append(4)\nassert len(b) == 1 and b[0] == 4"),
    "a class on a built-in one": (
        "from collections import OrderedDict\nclass Cache(OrderedDict):\n    def put(self, k, v): self[k] = v\n"
        "class Stack(list):\n    def push(self, x): self.append(x)",
        "c, s = Cache(), Stack()\nc.put(1, 2)\ns.push(3)\nassert c[1] == 2 and s == [3] and len(s) == 1 and c == {1: 2}",
    ),
    "an object that equals plain data": (
        "from collections import UserDict\nclass V:\n    def __init__(self, *x): self.x = x\n    def __iter__(self): return iter(self.x)\n"
        "    def __eq__(self, other): return list(self) == list(other)\nclass M(dict):\n    def __missing__(self, key): return 0\n"
        "def f(): return UserDict(a=1), memoryview(b'x'), M(a=1)",
        "d, v, m = f()\nassert d == {'a': 1} and v == b'x' and m == {'a': 1} and m['z'] == 0\n"
        "assert V(1, 2) == [1, 2] and V(1, 2) == (1, 2) and V(1) != [2]",
    ),
    "what a function looks like": (
        "async def g(): pass\ndef f(a, b=2):\n    'Add.'\n    return a + b",
        "import inspect\nassert list(inspect.signature(f).parameters) == ['a', 'b'] and f.__doc__ == 'Add.'\n"
        "assert inspect.iscoroutinefunction(g) and not inspect.iscoroutinefunction(f) and inspect.isfunction(f)",
    ),
    "a data class with slots": (
        "from dataclasses import dataclass\n@dataclass(slots=True, order=True)\nclass D:\n    x: int\n    y: str = 'a'",
        "assert D(1) == D(1, 'a') and D(1) != D(2) and D(1) < D(2) and D(1).y == 'a' and repr(D(1)) == \"D(x=1, y='a')\"",
    ),
    "an attribute of a class and of a function": (
        "class A:\n    limit = 3\n    @staticmethod\n    def s(x): return x\n    @classmethod\n    def c(cls): return cls()\n"
        "def f(): f.calls += 1\nf.calls = 0",
        "assert A.limit == 3 and A.s(4) == 4 and isinstance(A.c(), A) and f.calls == 0 and f.__name__ == 'f'\n"
        "f()\nassert f.calls == 1",
    ),
    "an exception of its own": (
        "class Broken(Exception):\n    def __init__(self, code): self.code = code\n    def __str__(self): return f'no {self.code}'\n"
        "def f(): raise Broken(3)",
        "try: f()\nexcept Broken as error: assert error.code == 3 and str(error) == 'no 3'\nelse: assert False",
    ),
    "an asynchronous function": (
        "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1\n"
        "async def g(n):\n    for i in range(n): yield i",
        "import asyncio, inspect\nassert asyncio.run(f(1)) == 2 and inspect.iscoroutine(c := f(1))\nc.close()\n"
        "async def main():\n    assert await f(2) == 3\n    assert await asyncio.gather(f(1), f(2)) == [2, 3]\n"
        "    assert [i async for i in g(3)] == [0, 1, 2]\n    return await asyncio.wait_for(f(4), 1)\n"
        "assert asyncio.run(main()) == 5\nassert asyncio.new_event_loop().run_until_complete(f(0)) == 1",
    ),
    "what is printed": (
        "def f(name): print('hello', name)",
        "import contextlib, io, sys\nwith contextlib.redirect_stdout(io.StringIO()) as out: f('a')\n"
        "assert out.getvalue() == 'hello a\\n'\nsys.stdout = caught = io.StringIO()\nf('b')\nsys.stdout = sys.__stdout__\n"
        "f('c')\nassert caught.getvalue() == 'hello b\\n'",
    ),
    "what is read": (
        "def f(): return input('? '), input()",
        "import io, sys\nsys.stdin = io.StringIO('a\\nb\\nc')\nassert f() == ('a', 'b') and sys.stdin.read() == 'c'",
    ),
    "the list itself": ("def f(a):\n    a.sort()\n    return a", "a = [2, 1]\nassert f(a) is a and a == [1, 2]"),
    "a list in a list": ("def f(a): a[0].append(1)", "inner = []\nouter = [inner]\nf(outer)\nassert inner == [1]"),
    "an object that comes back": (POINT + "def f(p): return p", "p = Point(1, 2)\nassert f(p) is p and f([p])[0] is p"),
    "a copy": (BAG, "import copy\nb = Bag([1])\nc = copy.deepcopy(b)\nc.add(2)\nassert len(b) == 1 and len(c) == 2"),
    "a closure and a partial": (
        "from functools import partial\ndef f(n): return lambda x: x + n\ndef g(): return partial(int, base=2)",
        "assert f(1)(2) == 3 and g()('11') == 3 and callable(f(1)) and list(map(f(1), [1])) == [2]",
    ),
    "a constant": ("LIMIT = [1, 2]\ndef f(): return 1", "assert LIMIT == [1, 2]"),
    "seeded random numbers": ("import random\ndef f(): return random.random()",
                              "import random\nrandom.seed(3)\na = f()\nrandom.seed(3)\nassert f() == a == random.random()"),
    "a method without its class": ("class Solution:\n    def f(self, x): return x", "assert f(3) == 3"),
}  # fmt: skip
EQUAL = "class Equal:\n    def __eq__(self, other): return {0}\n    def __ne__(self, other): return not self == other\n"
WRONG = {
    "a generator for a list": ("def f(): yield 1", "assert f() == [1]"),
    "a generator with too much": ("def f(): yield from (1, 2, 3)", "assert list(f()) == [1, 2]"),
    "an order of its own": (
        "from collections import OrderedDict\ndef f(): return OrderedDict([(2, 1), (1, 2)])",
        "from collections import OrderedDict\nassert f() == OrderedDict([(1, 2), (2, 1)])",
    ),
    "data too deep to send": ("def f():\n    a = []\n    for _ in range(250): a = [a]\n    return a", "assert f() == 4"),
    "data as deep as can be sent": ("def f(a):\n    for _ in range(199): a = [a]\n    return a", "assert f(f([])) == 4"),
    "an argument made too deep": (
        "def f(a):\n    x = []\n    for _ in range(300): x = [x]\n    a.append(x)\n    return 4", "a = []\nassert f(a) == 4"
    ),
    "a module that it misses": ("def f(): import numpy_not_here", "f()"),
    "a list that is not printed": (
        "def f(): return 1",
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as out: f()\nassert out.getvalue() == '1'",
    ),
    "no coroutine": ("def f(): return 1", "import asyncio\nassert asyncio.run(f()) == 1"),
    "arithmetic on the answer": (
        "class N:\n    def __sub__(self, other): return self\n    def __abs__(self): return 0\ndef f(): return N()",
        "assert abs(f() - 4) < 1e-6",
    ),
    "arithmetic without an object": (
        "class N:\n    def __sub__(self, other): return 0\ndef f(): return N()", "assert abs(f() - 4) < 1e-6"
    ),
    "arithmetic from the right": (
        "class N:\n    def __rsub__(self, other): return 0\ndef f(): return N()", "assert abs(4 - f()) < 1e-6"
    ),
    "everything contained": (
        "class N:\n    def __contains__(self, other): return True\ndef f(): return N()", "assert 4 in f() and 5 in f()"
    ),
    "a function called patch": ("def patch(x): return x", "'mock'\nassert patch(1) == 2"),
    "its own number": (
        "class N:\n    def __eq__(self, other): return True\n    def __int__(self): return 3\ndef f(): return N()",
        "assert f() == 4",
    ),
    "its own list": (
        "class N:\n    def __eq__(self, other): return True\n    def __iter__(self): return iter([self])\ndef f(): return N()",
        "assert f() == [4]",
    ),
    "everything less": ("class N:\n    def __lt__(self, other): return True\ndef f(): return N()", "assert f() < 4"),
    "a class in place of the function": (EQUAL.format("True") + "f = Equal", "assert f() == 4"),
    "a class of the function's name": (EQUAL.format("True").replace("Equal", "f"), "assert f() == 4"),
    "a number for yes": (EQUAL.format("1") + "def f(): return Equal.__new__(type('E', (Equal,), {}))", "assert f() == 4"),
    "an object for yes": (
        "class Yes:\n    def __bool__(self): return True\n" + EQUAL.format("Yes()") + "class E(Equal): pass\n"
        "def f(): return E()", "assert f() == 4 and not f() != 4"
    ),
    "an object without content for another": (
        POINT + EQUAL.format("True") + "class E(Equal): pass\ndef f(): return E()", "assert f() == Point(1, 2)"
    ),
    "its own assertion": ("def f(): raise AssertionError", "f()"),
}  # fmt: skip
UNDECIDED = {
    "a class of the tests that equals everything": (EQUAL.format("True"), "assert Equal() == 4"),
    "a function of the tests": ("def f(g): return g(1)", "assert f(lambda x: x) == 1"),
    "a class of the tests": ("def f(x): return x.y", "class X: y = 1\nassert f(X()) == 1"),
    "a module that the tests need": ("def f(): return 1", "import numpy_not_here as np\nassert f() == 1"),
    "a built-in function replaced": (
        "def f(): return input()", "import builtins\nbuiltins.input = lambda: 'x'\nassert f() == 'x'"
    ),
    "a module's function replaced": (
        "import time\ndef f(): return time.time()",
        "from unittest import mock\nwith mock.patch('time.time', return_value=3): assert f() == 3",
    ),
}  # fmt: skip


def names(check: str) -> set[str]:
    return {"f", *re.findall(r"[A-Za-z]+", check)} - {"a", "b", "c", "x"}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_program_passes(name: str) -> None:
    source, check = RIGHT[name]
    run = examined(source, check, *names(check))
    assert (run.kind, run.output) == (RunKind.FINISHED, "passed"), run


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_program_is_wrong(name: str) -> None:
    source, check = WRONG[name]
    run = examined(source, check, *names(check), limits=LIMITS)
    assert (run.kind, run.output) in {(RunKind.FINISHED, "failed"), (RunKind.RUNTIME_ERROR, "")}, run


@pytest.mark.parametrize("name", UNDECIDED)
def test_tests_that_ask_what_cannot_be_answered_are_not_the_programs_fault(name: str) -> None:
    source, check = UNDECIDED[name]
    run = examined(source, check, *names(check))
    assert run.kind is RunKind.SANDBOX_ERROR, run


def test_a_module_that_the_tests_miss_is_named() -> None:
    assert "numpy_not_here" in examined("def f(): return 1", "import numpy_not_here").detail
