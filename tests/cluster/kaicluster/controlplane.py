"""Starts etcd, kube-apiserver, kube-controller-manager and kube-scheduler."""

import base64
import random
import secrets
import shlex
import socket
import ssl
import time
import urllib.request
from dataclasses import dataclass

from . import ClusterError
from .api import Api
from .pki import Authority, create_signing_key
from .process import Component
from .programs import progress

_SERVICE_CIDR = "10.96.0.0/16"


@dataclass(frozen=True)
class User:
    """A user of the token file; each is a context of the kubeconfig too."""
    name: str
    groups: tuple
    namespace: str = "default"


USERS = (
    User("admin", ("system:masters",)),
    User("viewer", ("kai:viewers",)),            # reads everything but Secrets, writes nothing
    User("team-viewer", ("kai:team",), "team"),  # reads the namespace team, and nothing else
    User("outsider", ()),                        # authenticated; in no group and no role
)

# Writes are what tests count, so each has one line; reads too, for request counts.
_AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""


def start(state_dir, programs, name):
    """Brings up the control plane; returns an Api for the administrator."""
    state_dir.mkdir(mode=0o700, parents=True)
    _write_kubectl(state_dir, programs)
    plane = _ControlPlane(state_dir, programs, name)
    plane.prepare()
    plane.start_etcd()
    plane.start_apiserver()
    plane.start_controllers()
    plane.write_roles()
    plane.wait_for_default_account()
    plane.start_kubelet()
    return plane.admin


def _write_kubectl(state_dir, programs):
    """state/bin/kubectl: a kubectl of the cluster's version, as one plain path."""
    kubectl = state_dir / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(f'#!/bin/sh\nexec {shlex.join(programs.kubectl)} "$@"\n')
    kubectl.chmod(0o755)


class PortTaken(ClusterError):
    """Another program took a port between our choice and its use: start again."""


def _free_ports(count):
    """Free loopback ports below the range from which outgoing connections take theirs."""
    ports = []
    for port in random.sample(range(20000, 30000), 2000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise ClusterError("no free ports on 127.0.0.1 between 20000 and 30000")


class _ControlPlane:
    def __init__(self, state_dir, programs, name):
        self.dir = state_dir
        self.programs = programs
        self.name = name
        self.pki = state_dir / "pki"
        # What nodes on a bridge of their own would need besides: an address of the
        # bridge here makes the server listen there and puts it into its certificate.
        self.addresses = ["127.0.0.1"]
        (self.etcd_port, self.etcd_peer_port, self.port, self.controller_port,
         self.scheduler_port) = _free_ports(5)
        self.admin = None

    def prepare(self):
        self.authority = Authority(self.pki).create()
        names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        self.authority.issue(self.pki / "apiserver", "kube-apiserver", addresses=[
            *(f"DNS:{name}" for name in names), *(f"IP:{address}" for address in self.addresses),
            "IP:10.96.0.1"])
        self.authority.issue(self.pki / "kubelet-client", "kube-apiserver-kubelet-client",
                             groups=["system:masters"])
        self.authority.issue(self.pki / "admin", "kubernetes-admin", groups=["system:masters"])
        for component in ("kube-controller-manager", "kube-scheduler"):
            self.authority.issue(self.pki / component, f"system:{component}")
            self._write(f"{component}.kubeconfig", _kubeconfig(
                self, [(component, "default", self._cert_credentials(component))]))
        create_signing_key(self.pki / "service-account")
        tokens = {user: secrets.token_hex(16) for user in USERS}
        self._write("tokens.csv", "".join(
            f"{token},{user.name},{user.name}"
            + (f',"{",".join(user.groups)}"' if user.groups else "") + "\n"
            for user, token in tokens.items()))
        self._write("audit-policy.yaml", _AUDIT_POLICY)
        contexts = [(user.name, user.namespace, f"token: {token}") for user, token in tokens.items()]
        contexts.append(("admin-cert", "default", self._cert_credentials("admin")))
        self._write("kubeconfig", _kubeconfig(self, contexts))
        self.admin = Api(self.port, self.authority.cert, tokens[USERS[0]])

    def _write(self, name, text):
        path = self.dir / name
        path.touch(mode=0o600)
        path.write_text(text)

    def _cert_credentials(self, stem):
        return (f"client-certificate: {self.pki / stem}.crt\n"
                f"    client-key: {self.pki / stem}.key")

    def _launch(self, name, command, ready, what):
        component = Component(self.dir, name, command)
        try:
            component.wait_until(ready, what)
        except ClusterError as error:
            if "address already in use" in component.log.read_text(errors="replace"):
                raise PortTaken(str(error)) from error
            raise

    def start_etcd(self):
        client = f"http://127.0.0.1:{self.etcd_port}"
        peer = f"http://127.0.0.1:{self.etcd_peer_port}"
        self._launch("etcd", [
            *self.programs.etcd, "--name=default", f"--data-dir={self.dir / 'etcd'}",
            # A test cluster outlives no power cut; without fsync it is several times faster.
            "--unsafe-no-fsync",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ], lambda: _get_ok(f"{client}/health"), "healthy")

    def start_apiserver(self):
        pki = self.pki
        self._launch("kube-apiserver", [
            *self.programs.apiserver,
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            f"--bind-address={self.addresses[0]}", f"--secure-port={self.port}",
            # Without an address the server looks for a default route, which an isolated
            # machine has not; it refuses to write a loopback address into Endpoints.
            f"--advertise-address={self.addresses[0]}", "--endpoint-reconciler-type=none",
            f"--tls-cert-file={pki}/apiserver.crt", f"--tls-private-key-file={pki}/apiserver.key",
            f"--client-ca-file={pki}/ca.crt", f"--token-auth-file={self.dir}/tokens.csv",
            "--authorization-mode=Node,RBAC", "--enable-bootstrap-token-auth",
            "--enable-admission-plugins=NodeRestriction", "--allow-privileged",
            f"--service-cluster-ip-range={_SERVICE_CIDR}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki}/service-account.pub",
            f"--service-account-signing-key-file={pki}/service-account.key",
            # Nodes that exist by API only have a kubelet of the tests' own, on localhost.
            "--kubelet-preferred-address-types=ExternalDNS,InternalIP",
            f"--kubelet-client-certificate={pki}/kubelet-client.crt",
            f"--kubelet-client-key={pki}/kubelet-client.key",
            f"--kubelet-certificate-authority={pki}/ca.crt",
            f"--audit-policy-file={self.dir}/audit-policy.yaml",
            f"--audit-log-path={self.dir}/audit.log",
            "--profiling=false",
        ], lambda: self.admin.raw("GET", "/readyz")[0] == 200, "ready")

    def start_controllers(self):
        # Both start at once; they do not depend on each other.
        pki = self.pki
        controllers = Component(self.dir, "kube-controller-manager", [
            *self.programs.controller_manager,
            *self._controller_flags("kube-controller-manager", self.controller_port),
            "--controllers=*,bootstrapsigner,tokencleaner",
            f"--cluster-signing-cert-file={pki}/ca.crt", f"--cluster-signing-key-file={pki}/ca.key",
            f"--root-ca-file={pki}/ca.crt",
            f"--service-account-private-key-file={pki}/service-account.key",
            "--use-service-account-credentials",
            # Nodes made by API send no heartbeat. Switching the node lifecycle controller
            # off would also lose the taints that it gives to cordoned and NotReady nodes,
            # and a loop that renews a thousand Leases is load and one more thing to die.
            # So it runs, and is patient: a node is what its status says for two days.
            "--node-monitor-grace-period=48h", "--node-startup-grace-period=48h",
            # How soon a node that is NotReady gets its NoExecute taint.
            "--node-monitor-period=1s",
        ])
        scheduler = Component(self.dir, "kube-scheduler", [
            *self.programs.scheduler, *self._controller_flags("kube-scheduler", self.scheduler_port)])
        for component, port in ((controllers, self.controller_port), (scheduler, self.scheduler_port)):
            component.wait_until(lambda port=port: _get_ok(f"https://127.0.0.1:{port}/healthz"),
                                 "healthy")

    def _controller_flags(self, component, port):
        kubeconfig = self.dir / f"{component}.kubeconfig"
        return [f"--kubeconfig={kubeconfig}", f"--authentication-kubeconfig={kubeconfig}",
                f"--authorization-kubeconfig={kubeconfig}", "--leader-elect=false",
                "--bind-address=127.0.0.1", f"--secure-port={port}", "--profiling=false",
                # The default of 20 a second makes every start 5 s longer.
                "--kube-api-qps=1000", "--kube-api-burst=1000"]

    def write_roles(self):
        """What the limited users may do."""
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        self.admin.apply("/api/v1/namespaces/team", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
        self.admin.apply(f"{rbac}/clusterroles/kai:cluster-viewer", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "kai:cluster-viewer"},
            "rules": [
                {"apiGroups": [""], "verbs": ["get", "list", "watch"], "resources": [
                    "bindings", "configmaps", "endpoints", "events", "limitranges", "namespaces",
                    "nodes", "persistentvolumeclaims", "persistentvolumes", "pods", "pods/log",
                    "podtemplates", "replicationcontrollers", "resourcequotas", "serviceaccounts",
                    "services"]},
                {"apiGroups": [group for group in (
                    "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io",
                    "apps", "autoscaling", "batch", "discovery.k8s.io", "networking.k8s.io",
                    "node.k8s.io", "policy", "rbac.authorization.k8s.io", "resource.k8s.io",
                    "scheduling.k8s.io", "storage.k8s.io")],
                 "resources": ["*"], "verbs": ["get", "list", "watch"]},
            ]})
        self._bind(f"{rbac}/clusterrolebindings/kai:viewers", "ClusterRoleBinding",
                   "kai:cluster-viewer", "kai:viewers")
        self._bind(f"{rbac}/namespaces/team/rolebindings/kai:team", "RoleBinding", "view", "kai:team")

    def _bind(self, path, kind, role, group):
        self.admin.apply(path, {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "metadata": {"name": path.rsplit("/", 1)[1]},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}]})

    def start_kubelet(self):
        """One program stands in for the kubelets of all nodes that exist by API only."""
        self.authority.issue(self.pki / "kubelet", "simulated-kubelet", addresses=["DNS:localhost"])
        self._launch("kubelet", [
            *self.programs.testkit, "kubelet", f"--kubeconfig={self.dir / 'kubeconfig'}",
            f"--tls-cert-file={self.pki}/kubelet.crt", f"--tls-private-key-file={self.pki}/kubelet.key",
            f"--client-ca-file={self.pki}/ca.crt",
        ], lambda: "ready:" in (self.dir / "logs" / "kubelet.log").read_text(), "ready")

    def wait_for_default_account(self):
        """Pods are refused until the controllers have made it."""
        path = "/api/v1/namespaces/{}/serviceaccounts/default"
        for namespace in ("default", "kube-system", "team"):
            _wait(lambda: self.admin.raw("GET", path.format(namespace))[0] == 200,
                  f"service account default in namespace {namespace}")


def start_with_free_ports(make):
    """Runs make() again when another program has taken one of the chosen ports."""
    for attempt in range(4):
        try:
            return make()
        except PortTaken as error:
            if attempt == 3:
                raise
            progress(f"a port was taken meanwhile, starting again ({str(error).splitlines()[0]})")
    raise AssertionError("unreachable")


def _wait(ready, what, timeout=60):
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise ClusterError(f"no {what} after {timeout} s")
        time.sleep(0.1)


def _get_ok(url):
    # The controllers sign their own serving certificates; only loopback is asked.
    insecure = ssl.create_default_context()
    insecure.check_hostname = False
    insecure.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                         urllib.request.HTTPSHandler(context=insecure))
    with opener.open(url, timeout=5) as response:
        return response.status == 200


def _kubeconfig(plane, contexts):
    """contexts: (name, namespace, credentials as YAML). The first one is current."""
    authority = base64.b64encode(plane.authority.cert.read_bytes()).decode()
    text = f"""\
apiVersion: v1
kind: Config
current-context: {contexts[0][0]}
clusters:
- name: {plane.name}
  cluster:
    server: https://{plane.addresses[0]}:{plane.port}
    certificate-authority-data: {authority}
contexts:
"""
    for name, namespace, _ in contexts:
        text += (f"- name: {name}\n  context: {{cluster: {plane.name}, user: {name}, "
                 f"namespace: {namespace}}}\n")
    text += "users:\n"
    for name, _, credentials in contexts:
        text += f"- name: {name}\n  user:\n    {credentials}\n"
    return text
