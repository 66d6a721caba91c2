"""Runs a program on a pseudo-terminal.

Usage: pseudo_terminal.py COLUMNS PROGRAM [ARGUMENT ...], with steps as JSON on standard input:
[{"expect": "text", "send": "text", "signal": 2}, ...]. Prints as JSON what the program
wrote, whether the terminal echoed when each text appeared, and how the program ended.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

columns = int(sys.argv[1])
steps = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    # Stopped until the size is set.
    os.read(0, 1)
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
os.write(terminal, b"\n")

output = b""
seen = 0
echo = []
deadline = time.monotonic() + 30


def read():
    """Reads what comes next; False at the end."""
    global output
    ready, _, _ = select.select([terminal], [], [], max(deadline - time.monotonic(), 0))
    if not ready:
        os.kill(pid, signal.SIGKILL)
        print(json.dumps({"error": "timeout", "output": output.decode(errors="replace")}))
        sys.exit(1)
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        chunk = b""
    output += chunk
    return chunk != b""


for step in steps:
    wanted = step.get("expect", "").encode()
    found = output.find(wanted, seen)
    while found == -1 and read():
        found = output.find(wanted, seen)
    if found == -1:
        break
    seen = found + len(wanted)
    echo.append(bool(termios.tcgetattr(terminal)[3] & termios.ECHO))
    if "send" in step:
        os.write(terminal, step["send"].encode())
    if "signal" in step:
        os.kill(pid, step["signal"])
while read():
    pass
_, status = os.waitpid(pid, 0)
print(json.dumps({
    "output": output.decode(errors="replace"),
    "echo": echo,
    "code": os.waitstatus_to_exitcode(status),
}))
