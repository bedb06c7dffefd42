"""Quotas and defaults of 500 namespaces from one profile, beside `kubectl apply --server-side` of
the same objects: on the machine's own API server, and with 10 ms between them."""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clusters
import measure
import peers
from kaicluster.api import Api
from kaicluster.kubectls import kubectls
from kaicluster.testing import port_of

_NAMESPACES = 500
_LATENCY_MS = 10
_NAMES = [f"team-{number:03}" for number in range(_NAMESPACES)]
_HARD = {"requests.cpu": "20", "limits.cpu": "40", "requests.memory": "100Gi", "limits.memory": "200Gi",
         "requests.nvidia.com/gpu": "3"}
_DEFAULTS = {"cpu": "500m", "memory": "1Gi"}


def run(options, report):
    kubectl = list(kubectls().values())[-1]
    rounds = options.rounds or 3
    with clusters.cluster(options.keep) as directory, tempfile.TemporaryDirectory() as work:
        profile, objects = Path(work, "profile.json"), Path(work, "objects.json")
        profile.write_text(json.dumps(_profile()))
        objects.write_text(json.dumps(_objects()))
        _each_namespace(directory, lambda api, name: api.raw(
            "POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        kubeconfig = directory / "kubeconfig"
        with clusters.quiet(directory):
            _measure(options, report, directory, rounds, "", kubeconfig, kubectl, profile, objects, work, 4)
            with _latency(kubeconfig, Path(work)) as slow:
                _measure(options, report, directory, rounds, f", {_LATENCY_MS} ms away", slow, kubectl, profile,
                         objects, work, 10)


def _measure(options, report, directory, rounds, where, kubeconfig, kubectl, profile, objects, work, wanted):
    environment = dict(os.environ, KUBECONFIG=str(kubeconfig), HOME=work)
    ours = [options.bin / "kubectl-ai-quota", "apply", "-f", profile, "--yes"]
    theirs = [kubectl, "apply", "--server-side", "-f", objects]

    def from_nothing(command):
        def one():
            _each_namespace(directory, _clear)
            done = measure.run(command, environment=environment)
            _require_all(directory)
            return done
        return one

    def again(command):
        return lambda: measure.run(command, environment=environment)

    measure.progress(f"quotas of {_NAMESPACES} namespaces{where}, {rounds} pairs with kubectl")
    mine, others = measure.in_turns(rounds, from_nothing(ours), from_nothing(theirs))
    # Each applies what it has applied itself.
    from_nothing(ours)()
    ours_again = [again(ours)() for _ in range(rounds)]
    from_nothing(theirs)()
    theirs_again = [again(theirs)() for _ in range(rounds)]
    for what, one, other, least in (("apply", mine, others, wanted), ("unchanged", ours_again, theirs_again, 10)):
        times = measure.median(other) / measure.median(one)
        report.add(f"{2 * _NAMESPACES} objects of {_NAMESPACES} namespaces{where}: {what}",
                   f"{measure.median(one):.2f} s, {max(run.peak_mib for run in one):.0f} MiB")
        report.add("  kubectl apply --server-side",
                   f"{measure.median(other):.2f} s, {max(run.peak_mib for run in other):.0f} MiB")
        report.add(f"  times faster, {what}{where}", f"{times:.1f}", f"≥ {least}", times >= least)


def _profile():
    quota = {**_HARD}
    quota["gpus"] = int(quota.pop("requests.nvidia.com/gpu"))
    return {"apiVersion": "kubectl-ai/v1alpha1", "kind": "Platform", "metadata": {"name": "bench"},
            "spec": {"namespaces": [{"name": name, "quota": quota, "defaults": _DEFAULTS} for name in _NAMES]}}


def _objects():
    def one(kind, name, spec):
        return {"apiVersion": "v1", "kind": kind, "spec": spec,
                "metadata": {"name": "kubectl-ai", "namespace": name,
                             "labels": {"app.kubernetes.io/managed-by": "kubectl-ai",
                                        "app.kubernetes.io/part-of": "kubectl-ai-quota"}}}
    limits = [{"type": "Container", "default": _DEFAULTS, "defaultRequest": _DEFAULTS}]
    return {"apiVersion": "v1", "kind": "List",
            "items": [item for name in _NAMES for item in (one("ResourceQuota", name, {"hard": _HARD}),
                                                           one("LimitRange", name, {"limits": limits}))]}


def _clear(api, name):
    for kind in ("resourcequotas", "limitranges"):
        api.raw("DELETE", f"/api/v1/namespaces/{name}/{kind}/kubectl-ai")


def _each_namespace(directory, act):
    text = (directory / "kubeconfig").read_text()

    def some(names):
        api = Api(port_of(text), directory / "pki" / "ca.crt", clusters.admin_token(directory))
        for name in names:
            act(api, name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(some, [_NAMES[first::8] for first in range(8)]))


def _require_all(directory):
    for kind in ("resourcequotas", "limitranges"):
        there = clusters.count(directory, kind)
        if there != _NAMESPACES:
            raise measure.BenchError(f"there are {there} {kind}, and not {_NAMESPACES}")


@contextlib.contextmanager
def _latency(kubeconfig, work):
    """A kubeconfig that leads through toxiproxy, which holds back what goes either way by half."""
    text = kubeconfig.read_text()
    control, front = _free_port(), _free_port()
    process = subprocess.Popen([peers.toxiproxy(), "-host", "127.0.0.1", "-port", str(control)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _ask(control, "/proxies", {"name": "api", "listen": f"127.0.0.1:{front}",
                                   "upstream": f"127.0.0.1:{port_of(text)}", "enabled": True})
        for stream in ("upstream", "downstream"):
            _ask(control, "/proxies/api/toxics", {"type": "latency", "stream": stream,
                                                  "attributes": {"latency": _LATENCY_MS // 2}})
        slow = work / "slow.kubeconfig"
        slow.write_text(re.sub(r"(server: https://[^:]+:)\d+", rf"\g<1>{front}", text))
        yield slow
    finally:
        process.kill()
        process.wait()


def _ask(port, path, body):
    for attempt in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("POST", path, json.dumps(body), {"User-Agent": "bench"})
            response = connection.getresponse()
            answer = response.read()
            connection.close()
            if response.status >= 300:
                raise measure.BenchError(f"toxiproxy: {answer.decode()}")
            return
        except ConnectionError:
            if attempt == 99:
                raise
            time.sleep(0.1)


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
