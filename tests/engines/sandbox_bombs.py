"""Programs that use up all there is, or turn on other processes. Checked from outside; no program's own report counts.

Things of the world they attack stand in braces: `{tcp}` for a port, `{secret!r}` for a file's name.
"""

EXHAUSTION = {
    "fork bomb": """
import os
open('/proc/self/comm', 'w').write({mark!r})
while True:
  try: os.fork()
  except OSError: pass
""",
    "fork bomb that leaves its session": """
import os
open('/proc/self/comm', 'w').write({mark!r})
while True:
  try:
    if os.fork() == 0: os.setsid()
  except OSError: pass
""",
    "thread bomb": """
import threading, time
while True:
  try: threading.Thread(target=time.sleep, args=(99,)).start()
  except RuntimeError: pass
""",
    "memory bomb": """
x = []
while True: x.append(bytearray(b'x' * 10**6))
""",
    "memory bomb of many": """
import os
for _ in range(4): os.fork()
x = bytearray(b'x' * (40 * 2**20))
while True: pass
""",
    "memory bomb out of sight": """
import ctypes, os
ctypes.CDLL(None).prctl(4, 0)
for _ in range(3): os.fork()
x = bytearray(b'x' * (60 * 2**20))
while True: pass
""",
    "memory bomb in files without names": """
import ctypes, os, mmap
libc = ctypes.CDLL(None)
for _ in range(200):
  fd = libc.memfd_create(b'x', 0)
  if fd < 0: break
  os.ftruncate(fd, 2**24); mmap.mmap(fd, 2**24).write(b'x' * 2**24)
""",
    "memory that was let go": """
import mmap
m = mmap.mmap(-1, 2**31)
for at in range(0, 2**31, 2**22):
  m[at:at + 2**22] = b'x' * 2**22
  m.madvise(mmap.MADV_DONTNEED, at, 2**22)
while True: pass
""",
    "memory of children that have ended": """
import mmap, os
m = mmap.mmap(-1, 2**30)
for at in range(0, 2**30, 2**26):
  if os.fork() == 0:
    m[at:at + 2**26] = b'x' * 2**26
    os._exit(0)
  os.wait()
while True: pass
""",
    "a name that is no text": """
import ctypes
ctypes.CDLL(None).prctl(15, bytes([255, 254, 10, 41]), 0, 0, 0)
while True: pass
""",
    "folders in folders": """
import os
while True:
  try:
    os.mkdir('d'); os.chdir('d')
    open('x', 'w').write('x' * 9999)
  except OSError: pass
""",
    "files that are deleted and open": """
import os
fs = []
while True:
  try:
    fs.append(open('x', 'wb'))
    os.unlink('x')
    fs[-1].write(bytes(2**23)); fs[-1].flush()
  except OSError: pass
""",
    "children that burn": """
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
  try:
    if os.fork() == 0:
      for _ in range(10**5): pass
      os._exit(0)
  except OSError: pass
""",
    "disk fill": """
n = 0
while True:
  n += 1
  try: open('/tmp/%d' % n, 'wb').write(bytes(2**24))
  except OSError: pass
""",
    "a great many files": """
n = 0
while True:
  n += 1
  try: open('/tmp/%d' % n, 'w').close()
  except OSError: pass
""",
    "a file with a hole": """
import os
fd = os.open('/tmp/hole', os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, 2**50)
""",
    "output flood": "while True: print('x' * 4096)",
    "error flood": """
import os
while True: os.write(2, b'x' * 65536)
""",
    "overlong line": """
import sys
sys.stdout.write('x' * 10**7 + chr(10))
""",
    "binary output": """
import os
os.write(1, bytes(range(256)) * 64)
""",
    "endless loop": "while True: pass",
    "sleeping": """
import time
time.sleep(999)
""",
    "ignoring signals": """
import signal, os
open('/proc/self/comm', 'w').write({mark!r})
for n in range(1, 65):
  try: signal.signal(n, signal.SIG_IGN)
  except (OSError, ValueError): pass
while True: pass
""",
    "catching the end": """
import atexit, time
atexit.register(time.sleep, 999)
try:
  while True: pass
finally:
  time.sleep(999)
""",
    "a stopped process": """
import os, signal
open('/proc/self/comm', 'w').write({mark!r})
os.kill(os.getpid(), signal.SIGSTOP)
""",
    "regular expression": """
import re
re.match('(a|a)*b', 'a' * 60)
""",
    "a number": "print(len(str(9 ** 9 ** 9)))",
    "deep recursion in C": """
import sys
sys.setrecursionlimit(10**9)
x = []
for _ in range(10**6): x = [x]
print(repr(x) == 1)
""",
    "opening without end": """
fs = []
while True:
  try: fs.append(open('/dev/null'))
  except OSError: pass
""",
}

OTHERS = {
    "a daemon": """
import os, time
if os.fork() == 0:
  os.setsid()
  if os.fork() == 0:
    open('/proc/self/comm', 'w').write({mark!r})
    time.sleep(999)
  os._exit(0)
print('done')
""",
    "killing the parent": """
import os
for p in (os.getppid(), 1, -1, 0):
  try: os.kill(p, 9)
  except OSError: pass
while True: pass
""",
    "killing everyone by number": """
import os
for p in range(1, 99999):
  if p != os.getpid():
    try: os.kill(p, 9)
    except OSError: pass
""",
    "ptrace": """
import ctypes, os
libc = ctypes.CDLL(None)
for p in [os.getppid(), 1, {victim}, *range(2, 300)]: [libc.ptrace(n, p, 0, 9) for n in (16, 7, 8)]
""",
    "writing into others' memory": """
import ctypes, os
libc = ctypes.CDLL(None)
for p in [os.getppid(), 1, {victim}]:
  libc.process_vm_writev(p, None, 0, None, 0, 0)
  try: open('/proc/%d/mem' % p, 'r+b', 0).write(b'x')
  except OSError: pass
""",
    "slowing others": """
import os
for p in [1, os.getppid(), {victim}, *range(2, 300)]:
  try: os.setpriority(os.PRIO_PROCESS, p, 19); os.sched_setaffinity(p, [0])
  except OSError: pass
""",
    "lowering others' limits": """
import resource, os
for p in [1, os.getppid(), {victim}]:
  try: resource.prlimit(p, resource.RLIMIT_NOFILE, (0, 0))
  except OSError: pass
""",
    "taking others' files": """
import ctypes, os
libc = ctypes.CDLL(None)
for p in [1, os.getppid(), {victim}]:
  try: fd = os.pidfd_open(p)
  except OSError: continue
  for n in range(64): print(libc.syscall(438, fd, n, 0))
""",
    "writing on every file": """
import os
for fd in range(0, 1024):
  if fd not in (1, 2):
    try: os.write(fd, b'ready\\ncompiled\\n"x"\\n')
    except OSError: pass
""",
    "closing every file": """
import os
os.closerange(0, 1024)
""",
    "the kernel's keys": """
import ctypes
libc = ctypes.CDLL(None)
print(libc.syscall(248, b'user', b'attacked', b'x', 1, -3))
""",
    "breaking the warm interpreter": """
import sys, builtins, gc, json, os, threading
for m in list(sys.modules.values()):
  for n in list(vars(m)):
    try: setattr(m, n, None)
    except BaseException: pass
""",
}
