"""Running one program and what it took; comparing two that take turns."""

import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SPAWN = Path(__file__).resolve().parent / "spawn.py"


class BenchError(Exception):
    pass


def progress(message):
    print(f"bench: {message}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Run:
    seconds: float      # wall
    cpu_seconds: float  # user and system
    peak_mib: float     # largest resident set


def run(command, good_exits=(0,), stdout=os.devnull, environment=None):
    """Starts the command, waits, and says what it took. Raises unless it ended well."""
    command = [str(word) for word in command]
    reader, writer = os.pipe()
    with open(reader, encoding="utf-8") as results:
        # -I -S: a Python that is as small as it gets.
        done = subprocess.run([sys.executable, "-I", "-S", _SPAWN, stdout, str(writer), *command], check=False,
                              env=environment or os.environ, pass_fds=[writer])
        os.close(writer)
        text = results.read()
    if done.returncode:
        raise BenchError(f"{command[0]} could not be started")
    seconds, cpu_seconds, peak_mib, code = map(float, text.split())
    if code not in good_exits:
        raise BenchError(f"{' '.join(command[:3])} … ended with {code:.0f}")
    return Run(seconds, cpu_seconds, peak_mib)


def in_turns(rounds, ours, theirs):
    """(our runs, their runs): pairs, so that what disturbs the machine disturbs both."""
    ours(), theirs()  # files and caches are warm for both
    pairs = []
    for index in range(rounds):
        # Whoever comes second finds the machine as the other one left it: take turns.
        pairs.append((ours(), theirs()) if index % 2 else tuple(reversed((theirs(), ours()))))
    return tuple(zip(*pairs))


def median(runs, field="seconds"):
    return statistics.median(getattr(one, field) for one in runs)


class Report:
    """What was measured and whether it is good enough."""

    def __init__(self):
        self._rows = []

    def add(self, what, value, limit="", good=None):
        self._rows.append((what, value, limit, {None: "", True: "pass", False: "FAIL"}[good]))

    def passed(self):
        return all(row[3] != "FAIL" for row in self._rows)

    def table(self):
        rows = [("measured", "value", "limit", ""), *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                         for row in rows)
