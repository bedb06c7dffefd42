"""What the tests of kubectl-ai-audit on the real cluster share: a cluster with mistakes, and
beside each the same thing done right.
"""

import http.client
import http.server
import json
import re
import ssl
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

from kaicluster import fixtures
from kaicluster.testing import ClusterTest, port_of

OFFERS = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}
TOLERATES = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
SHM = {"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}]}
PRIVILEGED_LEVELS = {"pod-security.kubernetes.io/enforce": "privileged"}


def meta(name, namespace=None, **more):
    return {"name": name} | ({"namespace": namespace} if namespace else {}) | more


PRIORITY = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": meta("audit-standard"), "value": 1000}


def deployment(namespace, name, gpus=0, tolerations=(), selector=None, shm=False, env=(), replicas=0,
               labels=None):
    container = {"name": "main", "image": "registry.example/train:1"}
    if gpus:
        container["resources"] = {"limits": {"nvidia.com/gpu": gpus},
                                  "requests": {"cpu": "10m", "memory": "16Mi"}}
    if shm:
        container["volumeMounts"] = [{"name": "shm", "mountPath": "/dev/shm"}]
    if env:
        container["env"] = [{"name": key, "value": value} for key, value in env]
    labels = labels or {"app": name}
    spec = {"containers": [container], "tolerations": list(tolerations),
            "priorityClassName": PRIORITY["metadata"]["name"]} | (SHM if shm else {})
    if selector:
        spec["nodeSelector"] = selector
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name, namespace),
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": spec}}}


def quota(namespace, name, **hard):
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta(name, namespace),
            "spec": {"hard": hard}}


def policy(namespace, name, types, pods=None, **rules):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": meta(name, namespace),
            "spec": {"podSelector": pods or {}, "policyTypes": types} | rules}


def role(namespace, name):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": meta(name, namespace),
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}


def etcd(name, *flags):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta(name, "kube-system"),
            "spec": {"nodeName": "control-plane-0", "tolerations": [{"operator": "Exists"}],
                     "containers": [{"name": "etcd", "image": "registry.k8s.io/etcd:3.5.21-0",
                                     "command": ["etcd", "--data-dir=/var/lib/etcd", *flags]}]}}


def prometheus_rule(namespace, name, metric):
    return {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
            "metadata": meta(name, namespace),
            "spec": {"groups": [{"name": "gpu", "rules": [{"alert": "Idle", "expr": f"{metric} < 5"}]}]}}


PROMETHEUS_RULES = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": meta("prometheusrules.monitoring.coreos.com"),
    "spec": {"group": "monitoring.coreos.com", "scope": "Namespaced",
             "names": {"kind": "PrometheusRule", "plural": "prometheusrules"},
             "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                 "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}

PLURALS = {"Deployment": "deployments", "ResourceQuota": "resourcequotas", "Role": "roles",
           "NetworkPolicy": "networkpolicies", "RoleBinding": "rolebindings", "Pod": "pods",
           "HorizontalPodAutoscaler": "horizontalpodautoscalers", "PrometheusRule": "prometheusrules"}


def path_of(item):
    group = item["apiVersion"]
    base = "/api/v1" if group == "v1" else f"/apis/{group}"
    return f"{base}/namespaces/{item['metadata']['namespace']}/{PLURALS[item['kind']]}"


class World(ClusterTest):
    """A fleet and manifests in which each mistake stands beside its good neighbour. Built
    once for all tests of the class below."""

    def add(self, *items):
        for item in items:
            self.api.create(path_of(item), item)
            if item["metadata"]["namespace"] in ("kube-system", "team"):
                self.addCleanup(self.delete, f"{path_of(item)}/{item['metadata']['name']}"
                                             "?propagationPolicy=Background")

    def build(self):
        self.create_nodes(*fixtures.nodes().values())
        crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        self.api.create(crds, PROMETHEUS_RULES)
        self.addCleanup(self.delete, f"{crds}/{PROMETHEUS_RULES['metadata']['name']}")
        self.eventually(lambda: self.api.raw("GET", "/apis/monitoring.coreos.com/v1/prometheusrules")[0] == 200)

        classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
        self.api.create(classes, PRIORITY)
        self.addCleanup(self.delete, f"{classes}/{PRIORITY['metadata']['name']}")

        # Beside each other: what must be found, what must not.
        self.bad = bad = self.create_namespace("audit-bad")
        self.good = good = self.create_namespace("audit-good", PRIVILEGED_LEVELS)
        self.add(
            deployment(bad, "peeks", env=[("NVIDIA_VISIBLE_DEVICES", "all")], replicas=1),
            deployment(good, "asks", gpus=1, tolerations=TOLERATES,
                       env=[("NVIDIA_VISIBLE_DEVICES", "all")]),
            deployment(bad, "intolerant", gpus=1, selector=OFFERS),
            deployment(good, "tolerant", gpus=1, selector=OFFERS, tolerations=TOLERATES),
            deployment(bad, "two-gpus", gpus=2, tolerations=TOLERATES, replicas=1),
            deployment(good, "two-gpus", gpus=2, tolerations=TOLERATES, shm=True, replicas=1),
            quota(bad, "inert", **{"limits.nvidia.com/gpu": "1"}),
            quota(good, "counted", **{"requests.nvidia.com/gpu": "4"}),
            policy(bad, "by-name", ["Ingress"], ingress=[{"from": [
                {"namespaceSelector": {"matchLabels": {"name": "kube-system"}}}]}]),
            policy(good, "by-name", ["Ingress"], ingress=[{"from": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]}]),
            policy(bad, "udp-only", ["Egress"], egress=[{"ports": [{"protocol": "UDP", "port": 53}]}]),
            policy(good, "both", ["Egress"], egress=[{"ports": [
                {"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}]),
            deployment("kube-system", "coredns", replicas=1, labels={"k8s-app": "kube-dns"}),
            policy("kube-system", "deny-dns", ["Ingress"],
                   pods={"matchLabels": {"k8s-app": "kube-dns"}}),
            policy("kube-system", "deny-others", ["Ingress"], pods={"matchLabels": {"app": "other"}}),
            role(bad, "unbound"), role(good, "bound"),
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
             "metadata": meta("bound", good), "subjects": [{
                 "kind": "Group", "name": "researchers", "apiGroup": "rbac.authorization.k8s.io"}],
             "roleRef": {"kind": "Role", "name": "bound", "apiGroup": "rbac.authorization.k8s.io"}},
            etcd("etcd-bad", "--encrypt-at-rest=true"), etcd("etcd-good", "--auto-compaction-retention=1h"),
            prometheus_rule(bad, "guessed", "nvidia_gpu_utilization"),
            prometheus_rule(good, "real", "DCGM_FI_DEV_GPU_UTIL"))
        self.eventually(self.pods_have_started)

    def pods_have_started(self):
        pods = self.api.get("/api/v1/pods")["items"]
        running = Counter(pod["metadata"]["namespace"] for pod in pods if pod["status"]["phase"] == "Running")
        return running[self.bad] == 2 and running[self.good] == 1 and running["kube-system"] == 3


class Between:
    """A server of ours between the audit and the API server: `change(path, body)` may
    return another body. After `lasts` answers it is gone."""

    def __init__(self, test, change=None, lasts=None):
        port = port_of(Path(test.kubeconfig).read_text())
        token = (test.state_dir / "tokens.csv").read_text().split(",", 1)[0]
        tls = ssl.create_default_context(cafile=str(test.state_dir / "pki" / "ca.crt"))
        answered = Counter()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                answered["all"] += 1
                if lasts is not None and answered["all"] > lasts:
                    self.server.socket.close()  # nobody gets in any more
                    self.close_connection = True
                    return
                with closing(http.client.HTTPSConnection("127.0.0.1", port, context=tls)) as upstream:
                    upstream.request("GET", self.path, headers={
                        "Authorization": f"Bearer {token}", "Accept": self.headers["Accept"]})
                    response = upstream.getresponse()
                    body = response.read().decode()
                body = (change(self.path, body) if change else body).encode()
                self.send_response(response.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._serve, daemon=True).start()
        test.addCleanup(self._server.server_close)

    def _serve(self):
        try:
            self._server.serve_forever()
        except (OSError, ValueError):
            pass  # its socket was closed on purpose


def ageless(text):
    """The report without the ages in it, which differ from run to run."""
    return re.sub(r"\b(for|since|to) \d+[smhd]\b", r"\1 AGE", text)


class AuditTest(ClusterTest):
    """An audit of a World, which all tests of a class share."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        World.setUpClass()
        cls.world = World("build")  # no test: a ClusterTest for what it makes and cleans up
        cls.world.setUp()
        cls.addClassCleanup(cls.world.doCleanups)
        cls.world.wait_until_nothing_goes_away()
        cls.world.build()
        cls.bad, cls.good = cls.world.bad, cls.world.good

    def audit(self, *arguments, exit=None, **options):
        """(the report, the run)"""
        run = self.run_binary("kubectl-ai-audit", "-o", "json", *arguments, **options)
        if exit is not None:
            self.assertEqual(run.exit, exit, run.stdout + run.stderr)
        return json.loads(run.stdout), run

    def found(self, report):
        """{rule: {"Kind namespace/name", …}} of what this test made."""
        ours = {None, self.bad, self.good, "kube-system"}
        found = {}
        for finding in report["findings"]:
            where = finding["object"]
            namespace = where["name"] if where["kind"] == "Namespace" else where.get("namespace")
            if namespace in ours:
                name = f"{namespace}/{where['name']}" if namespace != where["name"] else where["name"]
                found.setdefault(finding["rule"], set()).add(
                    f"{where['kind']} {name if namespace else where['name']}")
        return found
