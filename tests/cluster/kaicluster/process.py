"""Processes that belong to a cluster: started detached, found again by a marker.

Every process carries its cluster's state directory in its environment. That, and no
pid file, says whose it is: a run that was killed between two steps leaves nothing that
the next `down` would miss, and a reused pid is never mistaken for ours.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from . import ClusterError

# Not for tests to set: whatever carries it is killed with its cluster.
_STATE = "KAI_CLUSTER_PROCESS_OF"
_COMPONENT = "KAI_CLUSTER_PROCESS_NAME"


class Component:
    """One running program of the cluster and its log."""

    def __init__(self, state_dir, name, command):
        self.name = name
        self.log = Path(state_dir) / "logs" / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(state_dir),
                       _STATE: str(state_dir), _COMPONENT: name}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(argument) for argument in command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=environment, cwd=state_dir, start_new_session=True)

    def wait_until(self, ready, what, timeout=60):
        """Polls ready() until it returns true; raises with the log's tail otherwise."""
        deadline = time.monotonic() + timeout
        problem = ""
        while True:
            try:
                if ready():
                    return
            except OSError as error:  # not listening yet
                problem = f" ({error})"
            status = self.process.poll()
            if status is not None:
                raise self.failure(f"exited with status {status} before {what}")
            if time.monotonic() > deadline:
                raise self.failure(f"not {what} after {timeout} s{problem}")
            time.sleep(0.1)

    def failure(self, what):
        lines = self.log.read_text(errors="replace").splitlines()[-25:]
        tail = "\n".join(f"    {line[:400]}" for line in lines)
        return ClusterError(f"{self.name} {what}; the end of its log:\n{tail}")


def owned_processes(state_dir):
    """{pid: component} of every live process of this cluster."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            environment = Path("/proc", entry, "environ").read_bytes()
        except OSError:  # gone, or another user's
            continue
        variables = dict(part.split(b"=", 1) for part in environment.split(b"\0") if b"=" in part)
        if variables.get(_STATE.encode()) == os.fsencode(str(state_dir)):
            found[int(entry)] = variables.get(_COMPONENT.encode(), b"?").decode()
    return found


def kill_owned(state_dir, timeout=20):
    """Kills what owned_processes() finds; returns how many there were.

    SIGKILL: nothing of a test cluster is worth saving, and kube-apiserver waits for
    etcd for a long time when it is asked politely in the wrong order.
    """
    killed = set()
    deadline = time.monotonic() + timeout
    while True:
        processes = owned_processes(state_dir)
        if not processes:
            return len(killed)
        if time.monotonic() > deadline:
            raise ClusterError(f"processes of {state_dir} do not die: {processes}")
        for pid in processes:
            try:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
