"""What the process tests share: where the binaries are, and how they are run."""

import os
import stat
import subprocess
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


def write_script(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
