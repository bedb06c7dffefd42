"""A proxy in front of a cluster's API server that spoils a seeded share of requests.

It belongs to the cluster: `down` ends it too.
"""

import re
import signal

from . import ClusterError, state
from .pki import Authority
from .process import Component, owned_processes
from .programs import build_testkit

KINDS = ("429", "503", "reset", "disconnect", "stall", "lost", "truncate", "410")


class FaultProxy:
    """One running proxy. A context manager, for tests."""

    def __init__(self, cluster, rate=0.2, seed=1, kinds=("429", "503", "reset", "stall"), latency="0s",
                 http1=False):
        directory = state.state_dir(cluster)
        if not (directory / "kubeconfig").exists():
            raise ClusterError(f"there is no cluster '{cluster}'; tests/cluster/up --name {cluster}")
        number = 1 + len(list(directory.glob("logs/fault-proxy-*.log")))
        name = f"fault-proxy-{number}"
        original = (directory / "kubeconfig").read_text()
        server = re.search(r"server: (\S+)", original).group(1)
        pki = directory / "pki"
        certificate, key = Authority(pki).issue(pki / name, name, addresses=["IP:127.0.0.1"])
        self._component = Component(directory, name, [
            str(build_testkit()), "fault-proxy", f"--server={server}",
            f"--certificate-authority={pki}/ca.crt", f"--tls-cert-file={certificate}",
            f"--tls-private-key-file={key}", f"--rate={rate}", f"--seed={seed}",
            f"--kinds={','.join(kinds)}", f"--latency={latency}", *(["--http1"] if http1 else [])])
        self.log = self._component.log
        self._component.wait_until(lambda: "ready:" in self.log.read_text(), "ready")
        port = re.search(r"ready: port (\d+)", self.log.read_text()).group(1)
        self.kubeconfig = directory / f"{name}.kubeconfig"
        # Bearer tokens pass through the proxy; a client certificate ends at it.
        text = original.replace(server, f"https://127.0.0.1:{port}")
        self.kubeconfig.write_text(_without_user(text, "admin-cert"))

    def injected(self):
        """[(kind, method, address)] of the faults so far."""
        return [tuple(line) for line in re.findall(r"fault: (\S+) (\S+) (\S+)", self.log.read_text())]

    def stop(self):
        self._component.process.send_signal(signal.SIGKILL)
        self._component.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def running(cluster):
    """{pid: name} of the proxies of a cluster."""
    processes = owned_processes(state.state_dir(cluster))
    return {pid: name for pid, name in processes.items() if name.startswith("fault-proxy-")}


def _without_user(kubeconfig, name):
    kubeconfig = re.sub(rf"^- name: {name}\n  context:.*\n", "", kubeconfig, flags=re.MULTILINE)
    return re.sub(rf"^- name: {name}\n  user:\n(    .*\n)+", "", kubeconfig, flags=re.MULTILINE)
