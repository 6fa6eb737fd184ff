"""Wrong programs, each of which a careless grader passes. `right_programs` says what they should do."""

READ = "n, *xs = map(int, open(0).read().split())\n"
PRINT = READ + "for x in xs: print(2 * x)\n"
SUM = "sum(x * x for x in xs)"

ANYTHING = {
    "nothing": "",
    "no Python": "Here is the program you asked for!",
    "a syntax error": "def f(xs) return sum(xs)",
    "an indentation error": "def f(xs):\nreturn 1",
    "nul": "x = 1\0",
    "a name of nowhere": "def f(xs): return np.dot(xs, xs)\nprint(np.array(input().split()) * 2)",
    "a module of nowhere": "import sklearn\ndef f(xs): return 14",
    "a crash": "raise ValueError",
    "a crash in the end": f"def f(xs): return {SUM}\n{PRINT}\n1 / 0",
    "an exit": "raise SystemExit(0)",
    "a sudden exit": "import os; os._exit(0)",
    "a sudden exit later": "import os\ndef f(xs): os._exit(0)\nif __name__ == '__main__': os._exit(0)",
    "an exit on the way": "import sys\ndef f(xs): sys.exit(0)\nif __name__ == '__main__': sys.exit(0)",
    "an endless loop": "while True: pass",
    "an endless loop in the end": """
def f(xs):
    while True: pass
if __name__ == '__main__':
    n, *xs = map(int, open(0).read().split())
    for x in xs: print(2 * x, flush=True)
    f(xs)""",
    "sleep": f"import time\ndef f(xs):\n    time.sleep(60)\n    return {SUM}\nif __name__ == '__main__': f([])",
    "killed by itself": "import os, signal\ndef f(xs): os.kill(os.getpid(), signal.SIGKILL)\nf([])",
    "memory": "def f(xs): return [bytearray(1 << 20) for _ in range(10**6)]\nf([])",
    "a flood": "def f(xs):\n    while True: print('2\\n4\\n6\\n' * 10**4)\nf([])",
    "no end of calls": "def f(xs): return f(xs)\nf([])",
    "passed is written everywhere": """
import os
for fd in range(0, 64):
    for line in (b'passed\\n', b'14\\n', b'true\\n'):
        try: os.write(fd, line)
        except OSError: pass
os._exit(0)""",
    "patched builtins": """
import builtins, json, sys
json.dumps = lambda *a, **k: '14'
builtins.all = builtins.any = builtins.isinstance = lambda *a: True
builtins.AssertionError = type('Quiet', (), {})
def f(xs): return 0
print(0)""",
    "a patched json module": """
import sys, types
fake = types.ModuleType('json')
fake.dumps = lambda *a, **k: 'passed'
fake.loads = lambda *a, **k: [[]]
sys.modules['json'] = fake
def f(xs): return 0""",
    "every comparison true": """
class Yes(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def f(xs): return Yes(7)
print(Yes(7))""",
    "a look around": """
import gc, sys, inspect
def f(xs):
    frame = inspect.currentframe()
    while frame:
        for name, value in list(frame.f_locals.items()):
            if name in ('wanted', 'outputs', 'expected', 'check'): return value
        frame = frame.f_back
    return [o for o in gc.get_objects() if isinstance(o, list) and o[:3] == [14, 0, 4]][:1]
print(f([]))""",
    "a look into files": """
import glob
def f(xs):
    for path in glob.glob('/tmp/**', recursive=True) + glob.glob('/proc/*/cmdline') + glob.glob('/proc/*/environ'):
        try: text = open(path).read()
        except OSError: continue
        if 'assert' in text and 'f(' in text: return 14
    return -1
print(f([]))""",
    "a child says it later": """
import os, time
if os.fork() == 0:
    time.sleep(30)
    print('2\\n4\\n6')
os._exit(0)
def f(xs): return 0""",
}  # fmt: skip

SCRIPTS = {
    "fewer lines": "print(2)",
    "the first of its lines": READ + "print(2 * xs[0])",
    "all in one line": READ + "print(*(2 * x for x in xs))",
    "a line too many": PRINT + "print(0)",
    "each twice": READ + "for x in xs: print(2 * x); print(2 * x)",
    "backwards": READ + "for x in xs[::-1]: print(2 * x)",
    "floats": READ + "for x in xs: print(2.0 * x)",
    "a list": READ + "print([2 * x for x in xs])",
    "commas": READ + "for x in xs: print(2 * x, end=',\\n')",
    "words": READ + "for x in xs: print('Answer:', 2 * x)",
    "a prompt": "n = int(input('n: '))\nfor x in input('numbers: ').split(): print(2 * int(x))",
    "left-over debugging": "n = input()\nprint(n)\nfor x in input().split(): print(2 * int(x))",
    "only the sample": "print('2\\n4\\n6')",
    "the sample, then a crash": "print('2\\n4\\n6', flush=True)\nraise RuntimeError",
    "right, then an exit code": PRINT + "raise SystemExit(1)",
    "right, then a message": PRINT + "import sys; sys.exit('done')",
    "right, then killed": PRINT + "import os, sys, signal\nsys.stdout.flush()\nos.kill(os.getpid(), signal.SIGTERM)",
    "right, but not flushed": PRINT + "import os; os._exit(0)",
    "on stderr": READ + "import sys\nfor x in xs: print(2 * x, file=sys.stderr)",
    "standard input read twice": "open(0, closefd=False).read()\n" + PRINT,
    "never printed": "def main():\n    for x in input().split(): print(2 * int(x))",
    "another guard": "def main():\n    print('2\\n4\\n6')\nif __name__ == 'main': main()",
    "absolute": READ + "for x in xs: print(2 * abs(x))",
    "truncated": READ + "for x in xs: print(2 * x % 10**6)",
    "by way of floats": READ + "for x in xs: print(int(2 * float(x)))",
    "output closed": PRINT + "import sys; sys.stdout.flush(); sys.stdout.close(); raise SystemExit(3)",
    "nul bytes": READ + "for x in xs: print('\\0', 2 * x)",
    "other digits": READ + "for x in xs: print(str(2 * x).translate({48 + i: 0x660 + i for i in range(10)}))",
    "a function alone": "def f(xs): return [2 * x for x in xs]",
}

FUNCTIONS = {
    "another name": f"def g(xs): return {SUM}",
    "no return": f"def f(xs): print({SUM})",
    "None": "def f(xs): return None",
    "a negative verdict": "def f(xs): return -1",
    "true": "def f(xs): return True",
    "text": f"def f(xs): return str({SUM})",
    "in a list": f"def f(xs): return [{SUM}]",
    "in a tuple": f"def f(xs): return ({SUM},)",
    "a dictionary": f"def f(xs): return {{'result': {SUM}}}",
    "a generator": "def f(xs): yield sum(x * x for x in xs)",
    "a coroutine": f"async def f(xs): return {SUM}",
    "a lambda": f"def f(xs): return lambda: {SUM}",
    "off by a little": f"def f(xs): return {SUM} + 1e-9 * len(xs)",
    "off by one": f"def f(xs): return {SUM} + (not xs)",
    "no case for the empty list": "def f(xs): return max(xs) and sum(x * x for x in xs)",
    "only the sample": "def f(xs): return 14",
    "the first answers by heart": "def f(xs): return {3: 14, 0: 0}.get(len(xs), -1)",
    "absolute values": "def f(xs): return sum(abs(x) for x in xs) and sum(x * abs(x) for x in xs)",
    "nan": "def f(xs): return float('nan')",
    "infinity": "def f(xs): return float('inf')",
    "a crash on the last": f"def f(xs): return {SUM} if xs != [-2] else 1 / 0",
    "an error as a value": "def f(xs): return ValueError('14')",
    "too many parameters": f"def f(xs, n): return {SUM}",
    "by way of floats": "def f(xs): return int(sum(float(x) ** 2 for x in xs))",
    "a class that is not asked for": f"class Answer:\n    def f(self, xs): return {SUM}",
    "the wrong method": f"class Solution:\n    def g(self, xs): return {SUM}",
    "a method without self": f"class Solution:\n    def f(xs): return {SUM}",
}
