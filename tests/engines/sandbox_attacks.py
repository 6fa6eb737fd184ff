"""Programs that attack. Their targets are checked from outside; no program's own report counts.

Things of the world they attack stand in braces: `{tcp}` for a port, `{secret!r}` for a file's name.
"""

NETWORK = {
    "tcp": """
import socket
s = socket.create_connection(('127.0.0.1', {tcp}), 1)
s.sendall(b'x')
""",
    "tcp by another road": """
import os
os.system('echo x > /dev/tcp/127.0.0.1/{tcp}; bash -c "echo x > /dev/tcp/127.0.0.1/{tcp}"')
""",
    "tcp in a thread of urllib": """
import urllib.request
urllib.request.urlopen('http://127.0.0.1:{tcp}/', timeout=1)
""",
    "udp": """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(9): s.sendto(b'x', ('127.0.0.1', {udp}))
""",
    "udp over ipv6": """
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.sendto(b'x', ('::ffff:127.0.0.1', {udp}))
""",
    "dns": """
import socket
socket.getaddrinfo('example.org', 80)
raise SystemExit(0)
""",
    "a unix socket by its path": """
import socket
s = socket.socket(socket.AF_UNIX)
s.connect({unix!r})
s.send(b'x')
""",
    "an abstract unix socket": """
import socket
s = socket.socket(socket.AF_UNIX)
s.connect(chr(0) + {abstract!r})
s.send(b'x')
""",
    "raw sockets": """
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(('lo', 0)); s.send(b'x' * 60)
""",
    "io_uring": """
import ctypes
libc = ctypes.CDLL(None)
assert libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0
print('ring')
""",
}

SECRETS = {
    "the home folder": """
import os, sys
for root in [{home!r}, os.path.expanduser('~'), '/root', '/home']:
    for folder, _, names in os.walk(root):
        for name in names:
            try: print(open(os.path.join(folder, name), 'rb').read(4096).decode('latin1'))
            except OSError: pass
""",
    "the folder of the tests": """
import os, sys
for root in [{folder!r}, {repository!r}]:
    for folder, _, names in os.walk(root):
        for name in names:
            try: print(open(os.path.join(folder, name), 'rb').read(4096).decode('latin1'))
            except OSError: pass
""",
    "by /proc/*/root": """
import glob
for p in glob.glob('/proc/[0-9]*/root'):
  try: print(open(p + {secret!r}).read())
  except OSError as e: print(e)
""",
    "by /proc/*/cwd": """
import glob, os
for p in glob.glob('/proc/[0-9]*/cwd'):
  try: print(os.listdir(p))
  except OSError as e: print(e)
""",
    "by a symlink": """
import os
os.symlink({secret!r}, '/tmp/l')
print(open('/tmp/l').read())
""",
    "by a hard link": """
import os
os.link({secret!r}, '/tmp/h')
print(open('/tmp/h').read())
""",
    "by dots": "print(open('/tmp/../../../..' + {secret!r}).read())",
    "the environment": """
import os, glob
print(os.environ)
for p in glob.glob('/proc/[0-9]*/environ'):
  try: print(open(p, 'rb').read())
  except OSError: pass
""",
    "the environment, in C": """
import ctypes
g = ctypes.CDLL(None).getenv
g.restype = ctypes.c_char_p
print(g(b'ATTACKED_SECRET'))
""",
    "command lines": """
import glob
for p in glob.glob('/proc/[0-9]*/cmdline'):
  try: print(open(p, 'rb').read())
  except OSError: pass
""",
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
    "open files of others": """
import glob, os
for p in glob.glob('/proc/[0-9]*/fd/*') + ['/proc/self/fd/%d' % n for n in range(3, 300)]:
  try: print(os.read(os.open(p, os.O_RDONLY | os.O_NONBLOCK), 9999))
  except OSError: pass
""",
    "the disk itself": """
import os
for d in ('/dev/vda', '/dev/sda', '/dev/nvme0n1', '/dev/mem', '/dev/kmsg', '/proc/kcore', '/proc/kmsg'):
  try: print(os.read(os.open(d, os.O_RDONLY | os.O_NONBLOCK), 4096))
  except OSError: pass
""",
    "a device of its own": """
import os, stat
os.mknod('/tmp/d', 0o600 | stat.S_IFBLK, os.makedev(254, 0))
print(open('/tmp/d', 'rb').read(4096))
""",
    "by a handle": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.open_by_handle_at(-100, ctypes.create_string_buffer(128), 0))
""",
    "by importing our code": """
import sys
sys.path += [{repository!r}]
import skyassets.core.ports as p
print(open(p.__file__).read())
print(open({secret!r}).read())
""",
    "by a pickle": """
import pickle
class A:
  def __reduce__(self): return (eval, ('open(%r).read()' % {secret!r},))
print(pickle.loads(pickle.dumps(A())))
""",
}

WRITING = {
    "outside": """
for p in ({folder!r}, {home!r}, '/', '/usr', '/etc', '/var/tmp', '/run', '/sys', '/proc/sys/kernel'):
  try: open(p + '/attacked', 'w').write('x')
  except OSError: pass
""",
    "over the target": """
import os
try: open({target!r}, 'w').write('x')
except OSError: pass
os.remove({target!r})
""",
    "over the target, by a link": """
import os
os.symlink({target!r}, '/tmp/t')
open('/tmp/t', 'w').write('x')
""",
    "a name for the next program": """
import os
for f in ('/tmp', '/dev/shm', '/var/tmp', '/run', os.getcwd()):
  for n in ('attacked', 'json.py', 'solution.py', 'sitecustomize.py'):
    try: open(f + '/' + n, 'w').write('raise SystemExit(9)')
    except OSError: pass
""",
    "shared memory for the next program": """
import ctypes
libc = ctypes.CDLL(None)
i = libc.shmget(0x5afe, 4096, 0o1666)
q = libc.msgget(0x5afe, 0o1666)
s = libc.semget(0x5afe, 1, 0o1666)
libc.mq_open(b'/attacked', 66, 0o666, None)
from multiprocessing import shared_memory
shared_memory.SharedMemory('attacked', create=True, size=9)
""",
    "the interpreter": """
import sys, os, json
for f in (sys.executable, json.__file__, os.__file__):
  try: open(f, 'ab').write(b'x')
  except OSError: pass
""",
    "the kernel's settings": """
for f in ('core_pattern', 'hostname', 'modprobe'):
  try: open('/proc/sys/kernel/' + f, 'w').write('attacked')
  except OSError: pass
import socket
socket.sethostname('attacked')
""",
    "sysrq and oom": """
import glob
for f in ['/proc/sysrq-trigger', *glob.glob('/proc/[0-9]*/oom_score_adj')]:
  try: open(f, 'w').write('-1000')
  except OSError: pass
""",
    "by mounting": """
import ctypes
libc = ctypes.CDLL(None)
libc.unshare(0x10020000)
libc.mount(b'tmpfs', b'/usr', b'tmpfs', 0, None)
libc.umount2(b'/tmp', 2)
libc.chroot(b'/proc/1/root')
libc.pivot_root(b'/', b'/tmp')
open({target!r}, 'w').write('x')
""",
    "becoming root": """
import ctypes, os
libc = ctypes.CDLL(None)
libc.setuid(0); libc.setresuid(0, 0, 0); libc.setgroups(0, None)
os.system('su -c id; sudo id; mount -o remount,rw /')
open({target!r}, 'w').write('x')
""",
    "new user namespace by clone": """
import ctypes
libc = ctypes.CDLL(None)
if libc.syscall(56, 0x10020000 | 17, 0, 0, 0, 0) == 0:
  libc.mount(b'none', b'/', None, 32 | 4096, None)
  open({target!r}, 'w').write('x')
""",
}
