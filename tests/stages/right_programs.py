"""Right programs, each of which a careless grader fails.

Scripts read a count and that many numbers, and print each doubled, a line each; functions return the sum of squares.
"""

SCRIPTS = {
    "single-quoted guard": """
def main():
    n = int(input())
    for x in input().split()[:n]:
        print(2 * int(x))
if __name__ == '__main__':
    main()""",
    "stdin as bytes": """
import sys
n, *xs = map(int, sys.stdin.buffer.read().split())
sys.stdout.buffer.write(b"\\n".join(b"%d" % (2 * x) for x in xs))""",
    "sys.exit at the end": """
import sys
input()
[print(2 * int(x)) for x in input().split()]
sys.exit()""",
    "exit without sys": "input()\nprint(*(2 * int(x) for x in input().split()), sep='\\n')\nexit()\nprint('never')",
    "quit with zero": "input()\nprint(*(2 * int(x) for x in input().split()), sep='\\n')\nquit(0)",
    "SystemExit raised": "input()\nprint(*(2 * int(x) for x in input().split()), sep='\\n')\nraise SystemExit",
    "main's None is the exit code": """
import sys
def main():
    input()
    for x in map(int, input().split()): print(x + x)
if __name__ == "__main__":
    sys.exit(main())""",
    "os._exit after a flush": """
import os, sys
input()
print(*(2 * int(x) for x in input().split()), sep='\\n')
sys.stdout.flush()
os._exit(0)""",
    "a thread with a big stack": """
import sys, threading
sys.setrecursionlimit(1 << 25)
threading.stack_size(1 << 26)
def main():
    input()
    for x in input().split(): print(int(x) * 2)
worker = threading.Thread(target=main)
worker.start()
worker.join()""",
    "threads in a pool": """
from concurrent.futures import ThreadPoolExecutor
input()
with ThreadPoolExecutor(4) as pool:
    for y in pool.map(lambda x: 2 * int(x), input().split()): print(y)""",
    "a hundred thousand frames deep": """
import sys
sys.setrecursionlimit(10**6)
def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
input()
for x in input().split(): print(int(x) * 2 + depth(10**5) - 10**5)""",
    "input until its end": """
xs = []
while True:
    try: xs += input().split()
    except EOFError: break
for x in xs[1:]: print(int(x) * 2)""",
    "stdin as lines": """
import sys
next(sys.stdin)
for line in sys.stdin:
    for x in line.split(): print(int(x) << 1)""",
    "stdin as file zero": "n, *xs = open(0).read().split()\nprint('\\n'.join(str(int(x) * 2) for x in xs))",
    "stdin as a device": "n, *xs = open('/dev/stdin').read().split()\nprint('\\n'.join(str(int(x) * 2) for x in xs))",
    "input is readline": """
import sys
input = sys.stdin.readline
n = int(input())
for x in map(int, input().split()): print(x * 2)""",
    "fileinput": "import fileinput\nlines = list(fileinput.input())\nfor x in lines[1].split(): print(2 * int(x))",
    "walrus": "i = iter(open(0).read().split()[1:])\nwhile (x := next(i, None)) is not None: print(2 * int(x))",
    "dataclasses": """
from dataclasses import dataclass, field
@dataclass(order=True)
class Doubled:
    x: int
    y: int = field(init=False)
    def __post_init__(self): self.y = 2 * self.x
input()
for x in input().split(): print(Doubled(int(x)).y)""",
    "generators": """
def numbers():
    input()
    yield from map(int, input().split())
def doubled(xs): yield from (2 * x for x in xs)
for y in doubled(numbers()): print(y)""",
    "from math import *": "from math import *\nn = input()\nfor x in input().split(): print(prod([2, int(x)]))",
    "a pattern match": """
def doubled(x):
    match x:
        case 0: return 0
        case n: return n * 2
input()
for x in input().split(): print(doubled(int(x)))""",
    "print with end, and no last newline": """
input()
xs = input().split()
for i, x in enumerate(xs): print(2 * int(x), end='\\n' if i < len(xs) - 1 else '')""",
    "spaces at line ends": "input()\nfor x in input().split(): print(2 * int(x), end=' \\n')\nprint()\nprint()",
    "carriage returns": "input()\nprint('\\r\\n'.join(str(2 * int(x)) for x in input().split()))",
    "a class with a guard": """
class Solution:
    def solve(self):
        input()
        return [2 * int(x) for x in input().split()]
if __name__ == "__main__":
    print(*Solution().solve(), sep="\\n")""",
    "asyncio": """
import asyncio
async def main():
    input()
    for x in input().split():
        await asyncio.sleep(0)
        print(int(x) * 2)
asyncio.run(main())""",
    "talk on stderr": """
import sys
input()
for x in input().split():
    print('doubling', x, file=sys.stderr)
    print(2 * int(x))""",
    "a scratch file": """
input()
with open('/tmp/scratch', 'w') as f: f.write(input())
with open('/tmp/scratch') as f:
    for x in f.read().split(): print(2 * int(x))""",
    "printing at exit": """
import atexit
input()
ys = [2 * int(x) for x in input().split()]
atexit.register(lambda: print(*ys, sep='\\n'))""",
    "writing to the descriptor": """
import os
input()
os.write(1, b'\\n'.join(b'%d' % (2 * int(x)) for x in input().split()) + b'\\n')""",
    "a printer of its own": """
import io, os, sys
out = io.StringIO()
def print(*a): out.write(' '.join(map(str, a)) + '\\n')
input()
for x in input().split(): print(2 * int(x))
sys.stdout.write(out.getvalue())""",
    "the future": """
from __future__ import annotations
def doubled(x: Int) -> Int: return 2 * x
input()
for x in input().split(): print(doubled(int(x)))""",
    "a program in a program": "exec('input()\\nfor x in input().split(): print(2 * int(x))')",
    "a name that is used up": "__name__ == '__main__' and [input(), *(print(2 * int(x)) for x in input().split())]",
    "a clock": """
import time
start = time.perf_counter()
input()
for x in input().split(): print(2 * int(x))
assert time.perf_counter() - start < 5""",
}

FUNCTIONS = {
    "plain": "def f(xs):\n    return sum(x * x for x in xs)",
    "lambda": "f = lambda xs: sum(x ** 2 for x in xs)",
    "a comment with a bracket": "# f(xs) -> int (see below\ndef f(xs):\n    return sum(x * x for x in xs)",
    "decorated": """
import functools
def noted(g):
    @functools.wraps(g)
    def inner(*a, **k): return g(*a, **k)
    return inner
@noted
def f(xs): return sum(x * x for x in xs)""",
    "cached": """
from functools import lru_cache
@lru_cache(maxsize=None)
def square(x): return x * x
def f(xs): return sum(map(square, xs))""",
    "made by a function": "def make():\n    def f(xs): return sum(x * x for x in xs)\n    return f\nf = make()",
    "partial": """
from functools import partial
def power_sum(p, xs): return sum(x ** p for x in xs)
f = partial(power_sum, 2)""",
    "an object that is called": """
class Squares:
    def __call__(self, xs): return sum(x * x for x in xs)
f = Squares()""",
    "defined twice": "def f(xs): return 0\ndef f(xs): return sum(x * x for x in xs)",
    "defined in a branch": "if True:\n    def f(xs): return sum(x * x for x in xs)\nelse:\n    def f(xs): return 1",
    "examples under a guard": """
def f(xs): return sum(x * x for x in xs)
if __name__ == '__main__':
    print(f(input()))""",
    "talk while it works": "def f(xs):\n    print('passed', xs)\n    return sum(x * x for x in xs)\nprint(f([1]))",
    "a float that is whole": "def f(xs):\n    y = sum(x * x for x in xs)\n    return y if y > 2**50 else float(y)",
    "its argument changed": "def f(xs):\n    xs[:] = [x * x for x in xs]\n    return sum(xs)",
    "any arguments": "def f(*args):\n    return sum(x * x for x in args[0])",
    "defaults": "def f(xs, power=2):\n    return sum(x ** power for x in xs)",
    "deep": """
import sys
sys.setrecursionlimit(10**6)
def down(n): return 0 if not n else 1 + down(n - 1)
def f(xs): return sum(x * x for x in xs) + down(50_000) - 50_000""",
    "a thread": """
import threading
def f(xs):
    out = []
    t = threading.Thread(target=lambda: out.append(sum(x * x for x in xs)))
    t.start(); t.join()
    return out[0]""",
    "typed": "from typing import List\ndef f(xs: List[int]) -> int:\n    return sum(x * x for x in xs)",
    "an enumeration": """
from enum import IntEnum
class Power(IntEnum):
    TWO = 2
def f(xs): return sum(x ** Power.TWO for x in xs)""",
    "the future": "from __future__ import annotations\ndef f(xs: Ints) -> int: return sum(x * x for x in xs)",
}

METHODS = {
    "a method": "class Solution:\n    def f(self, xs: 'List[int]') -> int:\n        return sum(x * x for x in xs)",
    "a static method": "class Solution:\n    @staticmethod\n    def f(xs): return sum(x * x for x in xs)",
    "a class method": "class Solution(object):\n    @classmethod\n    def f(cls, xs): return sum(x * x for x in xs)",
    "state": """
class Solution:
    def __init__(self): self.total = 0
    def f(self, xs):
        for x in xs: self.total += x * x
        return self.total""",
    "helpers": """
class Solution:
    def square(self, x): return x * x
    def f(self, xs): return sum(map(self.square, xs))""",
    "inherited": """
class Base:
    def f(self, xs): return sum(x * x for x in xs)
class Solution(Base):
    pass""",
}

TAKEN_FOR_GRANTED = {
    "types": "class Solution:\n    def f(self, xs: List[int]) -> Optional[int]: return sum(x * x for x in xs)",
    "names": "class Solution:\n    def f(self, xs): return reduce(lambda y, x: y + x * x, xs, 0)",
    "modules": "class Solution:\n    def f(self, xs): return math.floor(sum(map(operator.mul, xs, xs)))",
    "counters": "class Solution:\n    def f(self, xs): return sum(n * x * x for x, n in Counter(xs).items())",
    "a power": "class Solution:\n    def f(self, xs): return sum(pow(x, 2, 10**30) for x in xs)",
    "its own random": "random = [0]\nclass Solution:\n    def f(self, xs): return sum(x * x for x in xs) + random[0]",
    "the future": "from __future__ import annotations\ndef f(xs: List[int]): return sum(x * x for x in deque(xs))",
}
"""Right where the site imports what they use, as the ones behind call-based problems do; wrong elsewhere."""
