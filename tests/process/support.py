"""What the process tests share: where the binaries are, and how they are run."""

import fcntl
import os
import pty
import stat
import struct
import subprocess
import termios
from pathlib import Path

BIN = Path(os.environ["KAI_BIN_DIR"])
AI = BIN / "kubectl-ai"
SOURCE = Path(__file__).resolve().parents[2]
# Only there so that a broken binary fails a test instead of hanging it.
PATIENCE = 60


def environment(**more):
    passed_on = {name: os.environ[name] for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")
                 if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"} | passed_on | more


def run(*arguments, program=AI, env=None, **options):
    options.setdefault("capture_output", True)
    return subprocess.run([program, *arguments], text=True, timeout=PATIENCE, check=False,
                          env=environment(**(env or {})), **options)


def on_terminal(*arguments, columns=80, cwd=None, **env):
    """What kubectl-ai prints on a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([AI, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd,
                               env=environment(**({"TERM": "xterm"} | env)))
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # EIO: the other side is closed
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    process.wait(timeout=PATIENCE)
    return text.decode().replace("\r\n", "\n")


def write_script(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
