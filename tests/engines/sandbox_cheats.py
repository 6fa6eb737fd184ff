"""Programs that return a wrong answer and would like to pass all the same."""

CHEATS = {
    "an object that equals everything": """
class Same:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __lt__(self, other): return True
    def __contains__(self, other): return True
    def __len__(self): return 4
def f(x): return Same()
""",
    "a list of objects that equal everything": """
class Same:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __lt__(self, other): return True
    def __contains__(self, other): return True
    def __len__(self): return 4
def f(x): return [Same()]
""",
    "a number that equals everything": """
class N(int):
    def __eq__(self, o): return True
    __hash__ = int.__hash__
def f(x): return N(9)
""",
    "a text that equals everything": """
class S(str):
    def __eq__(self, o): return True
    __hash__ = str.__hash__
def f(x): return S('')
""",
    "a class in place of the function": """
class f:
    def __init__(self, x): pass
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __iter__(self): return iter([self])
    def __len__(self): return 4
""",
    "an answer that says yes by a number": """
class Same:
    def __eq__(self, other): return 1
    def __ne__(self, other): return 0
def f(x): return Same()
""",
    "an answer that says yes by an object": """
class Yes:
    def __bool__(self): return True
class Same:
    def __eq__(self, other): return Yes()
def f(x): return Same()
""",
    "an answer that does not know": """
class Same:
    __hash__ = None
    def __eq__(self, other): return NotImplemented
    def __getattr__(self, name): return 4
def f(x): return Same()
""",
    "patched builtins": """
import builtins
builtins.AssertionError = KeyError
builtins.all = builtins.any = lambda *a: True
class E(Exception): pass
def f(x): return 5
""",
    "a patched examiner": """
import sys, gc
for o in gc.get_objects():
  if isinstance(o, dict) and '_verdict' in o: o['_verdict'] = lambda *a: ('passed', '')
def f(x): return 5
""",
    "a verdict of its own, printed": """
import os
for fd in range(1, 64):
  try: os.write(fd, b'{"verdict": "passed", "detail": ""}\\n')
  except OSError: pass
def f(x): return 5
""",
    "leaving with success": """
import os, atexit
atexit.register(os._exit, 0)
def f(x): raise SystemExit(0)
""",
    "an exception that is no failure": "def f(x): raise AssertionError",
    "answering before the question": """
import os, json, struct
def f(x):
  t = b'{"value": 4}'
  for _ in range(9): os.write(6, struct.pack('!I', len(t)) + t)
  return 5
""",
    "an answer without end": """
import os
def f(x):
  os.write(6, b'\\xff\\xff\\xff\\xff')
  return 4
""",
    "an answer that is no answer": """
import os, struct
def f(x):
  os.write(6, struct.pack('!I', 2) + b'[]')
  return 4
""",
    "deep answers": """
import os, struct
def f(x):
  t = b'[' * 99999
  os.write(6, struct.pack('!I', len(t)) + t)
  return 4
""",
    "reading the tests": """
import gc, os
def f(x):
  for o in gc.get_objects():
    if 'assert f(2) == ' in repr(o): return 4
  return 5
""",
    "reading the tests in memory": """
import re
def f(x):
    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split('-'))
            try: memory.seek(start); text = memory.read(end - start)
            except (OSError, ValueError, OverflowError): continue
            if re.search(rb'secret-of-the-[t]ests', text): return 4
    return 5
""",
}
