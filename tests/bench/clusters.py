"""Clusters to measure on: brought up, filled to the size that is asked for, taken down."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import measure
from kaicluster import state
from kaicluster.api import Api
from kaicluster.process import owned_processes
from kaicluster.programs import build_testkit
from kaicluster.testing import port_of

_COMMANDS = Path(__file__).resolve().parents[1] / "cluster"
# They look at every pod and node that changes, which takes a third of the machine.
_BYSTANDERS = ("kube-controller-manager", "kube-scheduler", "kubelet")


@contextlib.contextmanager
def cluster(keep):
    """The state directory of a cluster: the one that `keep` names, or one for now."""
    name = keep or f"bench-{os.getpid()}"
    directory = state.state_dir(name)
    try:
        if not owned_processes(directory):
            subprocess.run([_COMMANDS / "up", "--name", name], check=True, stdout=subprocess.DEVNULL)
        yield directory
    finally:
        if not keep:
            subprocess.run([_COMMANDS / "down", "--name", name], check=True, stdout=sys.stderr)


def count(directory, resource):
    """How many of a core resource there are."""
    text = (directory / "kubeconfig").read_text()
    api = Api(port_of(text), directory / "pki" / "ca.crt", admin_token(directory))
    page = api.get(f"/api/v1/{resource}?limit=1")
    return len(page["items"]) + page["metadata"].get("remainingItemCount", 0)


def admin_token(directory):
    return (directory / "tokens.csv").read_text().split(",", 1)[0]


def load(directory, nodes, pods):
    """Fills the cluster up to so many; what is there already, by whichever run, stays."""
    there = count(directory, "nodes"), count(directory, "pods")
    if there == (nodes, pods):
        return
    if there[0] > nodes or there[1] > pods:
        raise measure.BenchError(f"{directory.name} holds {there[0]} nodes and {there[1]} pods already, more than "
                                 f"{nodes} and {pods}: tests/cluster/down --name {directory.name}, or another --keep")
    measure.progress(f"loading {nodes} nodes and {pods} pods; there are {there[0]} and {there[1]}")
    _run(directory, "load", f"--nodes={nodes}", f"--pods={pods}",
         f"--nodes-there={there[0]}", f"--pods-there={there[1]}")


def load_apps(directory, apps):
    """Fills the cluster with so many applications, about ten objects each, unless it has pods."""
    if not count(directory, "pods"):
        measure.progress(f"loading {apps} applications")
        _run(directory, "load-apps", f"--apps={apps}")


def _run(directory, program, *arguments):
    testkit, kubeconfig = build_testkit(), directory / "kubeconfig"
    # Service accounts come from a controller, and pods are refused without: namespaces first.
    subprocess.run([testkit, "load", "--kubeconfig", kubeconfig, "--nodes=0", "--pods=0"], check=True)
    with quiet(directory):
        subprocess.run([testkit, program, "--kubeconfig", kubeconfig, *arguments], check=True)


@contextlib.contextmanager
def quiet(directory):
    """Nobody but the API server and etcd works: the rest of the cluster stands still."""
    stopped = [pid for pid, component in owned_processes(directory).items() if component in _BYSTANDERS]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
