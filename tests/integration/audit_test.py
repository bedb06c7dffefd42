"""`kubectl ai audit` on a real API server: what it finds, what it asks for, and what it says
when it cannot see everything.
"""

import http.client
import http.server
import json
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from kaicluster import fixtures, nodes
from kaicluster.testing import ClusterTest, port_of

# Three pages of 250.
MANY = 600
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


class Audit(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        World.setUpClass()
        cls.world = World("build")  # no test: a ClusterTest for what it makes and cleans up
        cls.world.setUp()
        cls.addClassCleanup(cls.world.doCleanups)
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

    def wait_until_nothing_goes_away(self):
        """What other tests have left goes on going away for seconds."""
        self.eventually(lambda: all(namespace["status"]["phase"] == "Active" for namespace
                                    in self.api.get("/api/v1/namespaces")["items"]), timeout=120)

    # --- what it finds

    def test_each_rule_fires_on_the_mistake_and_not_beside_it(self):
        bad = self.bad
        report, run = self.audit(exit=1)
        expected = {
            "gpu-node-unlabelled": {"Node bare-0"},
            "gpu-node-untainted": {"Node l40s-0", "Node bare-0", "Node amd-0"},
            "gpu-withdrawn": {"Node withdrawn-0"},
            "gpu-present-not-advertised": {"Node dark-0"},
            "gpu-node-lost": {"Node not-ready-0", "Node cordoned-0"},
            "gpu-device-plugin-missing": {"Node dark-0"},
            "gpu-dcgm-exporter-missing": {f"Node {name}-0" for name in (
                "a100", "h100", "l40s", "bare", "withdrawn", "time-sliced", "mig-single", "mig-mixed",
                "cordoned")},
            "gpu-bypass": {f"Deployment {bad}/peeks"},
            "gpu-toleration-missing": {f"Deployment {bad}/intolerant"},
            "gpu-shm-small": {f"Deployment {bad}/two-gpus"},
            "quota-gpu-key-inert": {f"ResourceQuota {bad}/inert"},
            "quota-missing": {f"Namespace {bad}"},
            "netpol-namespace-name-label": {f"NetworkPolicy {bad}/by-name"},
            "netpol-dns-tcp-missing": {f"NetworkPolicy {bad}/udp-only"},
            "netpol-cuts-cluster-dns": {"NetworkPolicy kube-system/deny-dns"},
            "psa-missing": {f"Namespace {bad}"},
            "rbac-unbound-role": {f"Role {bad}/unbound"},
            "etcd-unknown-flag": {"Pod kube-system/etcd-bad"},
            "monitoring-unknown-gpu-metric": {f"PrometheusRule {bad}/guessed"},
        }
        found = self.found(report)
        self.assertEqual({rule: found.get(rule) for rule in expected}, expected)
        self.assertEqual(report["coverage"]["notChecked"], [])
        self.assertEqual(run.stderr, "")

    def test_gpus_are_counted(self):
        gpus = self.audit()[0]["summary"]["gpus"]
        total = {"a100-0": 8, "h100-0": 8, "l40s-0": 4, "bare-0": 2, "withdrawn-0": 8, "time-sliced-0": 4,
                 "mig-single-0": 56, "mig-mixed-0": 32, "not-ready-0": 4, "cordoned-0": 4, "amd-0": 8}
        lost = {"withdrawn-0": 2, "not-ready-0": 4, "cordoned-0": 4}
        expected = {"total": sum(total.values()), "lost": sum(lost.values()), "stranded": 0,
                    "allocatable": sum(total.values()) - sum(lost.values()), "allocated": 4}
        self.assertEqual({key: gpus[key] for key in expected}, expected)
        self.assertEqual({node["name"]: node["total"] for node in gpus["nodes"]}, total)

    def test_pods_that_wait_for_gpus(self):
        """The API server sets creation times, so what waits here waits since now; on the way
        to the audit it becomes older."""
        queue = self.create_namespace("audit-queue")  # without a quota that would refuse them
        waiting = deployment(queue, "waits", gpus=16, tolerations=TOLERATES, selector=OFFERS,
                             shm=True, replicas=2)
        refused = deployment(self.bad, "refused", gpus=1, tolerations=TOLERATES, replicas=1)
        self.world.add(quota(self.bad, "none", **{"requests.nvidia.com/gpu": "0"}))
        self.addCleanup(self.delete, f"/api/v1/namespaces/{self.bad}/resourcequotas/none")
        for item in (waiting, refused):
            self.world.add(item)
            self.addCleanup(self.delete, f"{path_of(item)}/{item['metadata']['name']}?propagationPolicy=Background")
        self.eventually(lambda: any(
            condition["type"] == "ReplicaFailure"
            for condition in self.api.get(f"{path_of(refused)}/refused")["status"].get("conditions", [])))
        self.eventually(lambda: len([
            pod for pod in self.api.get(f"/api/v1/namespaces/{queue}/pods")["items"]
            if "Unschedulable" in {condition.get("reason") for condition in pod["status"].get("conditions", [])}]) == 2)

        def older(_, body):
            """Every time of today, an hour back."""
            return re.sub(r'"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)Z"', lambda match: '"{:%Y-%m-%dT%H:%M:%SZ}"'.format(
                datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
                - timedelta(hours=1)), body)

        select = ("--select", "gpu-pending")
        self.assertEqual(self.audit(*select, exit=0)[0]["findings"], [])  # not five minutes yet
        report, _ = self.audit(*select, "--server", Between(self, older).address, exit=1)
        by_name = {finding["object"]["name"]: finding for finding in report["findings"]}
        self.assertEqual(set(by_name), {"waits", "refused"})
        message = by_name["waits"]["message"]
        self.assertIn("2 pods wait for 16 nvidia.com/gpu each", message)
        for part in ("too little nvidia.com/gpu even when empty: a100-0 (8)",
                     "excluded by its node selector or affinity: "):
            self.assertIn(part, message)
        self.assertIn("exceeded quota: none", by_name["refused"]["message"])

    def test_objects_that_were_written_through_an_older_api(self):
        """The API server keeps who wrote through which version until somebody writes again,
        and takes no version from a client that it does not serve: ours does it instead."""
        for name in ("left-behind", "moved-on"):
            scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                      "metadata": meta(name, self.bad),
                      "spec": {"maxReplicas": 2, "scaleTargetRef": {
                          "apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}}}
            self.api.create(f"{path_of(scaler)}?fieldManager={name}", scaler)
            self.addCleanup(self.delete, f"{path_of(scaler)}/{name}")

        def aged(_, body):
            return body.replace('"manager":"left-behind","operation":"Update","apiVersion":"autoscaling/v2"',
                                '"manager":"left-behind","operation":"Update","apiVersion":"autoscaling/v2beta2"')
        select = ("--select", "api-removed", "-n", self.bad)
        self.assertEqual(self.audit(*select, exit=0)[0]["findings"], [])
        report, _ = self.audit(*select, "--server", Between(self, aged).address, exit=1)
        finding, = report["findings"]
        self.assertEqual((finding["object"]["name"], finding["observed"], finding["expected"]),
                         ("left-behind", "autoscaling/v2beta2", "autoscaling/v2"))

    def test_what_the_server_refuses_is_found_in_files(self):
        with tempfile.TemporaryDirectory() as directory:
            manifest = Path(directory) / "deployment.json"
            item = deployment(self.bad, "unequal", gpus=2, tolerations=TOLERATES)
            item["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = {"nvidia.com/gpu": 1}
            manifest.write_text(json.dumps(item))
            self.assertIn("must be equal", self.kubectl("apply", "--dry-run=server", "-f", str(manifest)).stderr)
            report, _ = self.audit("-f", str(manifest), "--select", "gpu-request-limit-mismatch", exit=1)
        self.assertEqual([finding["object"]["name"] for finding in report["findings"]], ["unequal"])

    # --- what it asks for

    def test_nothing_is_written_and_each_kind_is_listed_once(self):
        self.audit()
        self.assertEqual(self.audit_log.writes(), [])
        requests = self.audit_log.requests()
        self.assertEqual({event["verb"] for event in requests} - {"list", "get"}, set())
        lists = Counter(event["objectRef"]["resource"] for event in requests
                        if event["verb"] == "list" and "continue=" not in event["requestURI"])
        self.assertEqual(set(lists.values()), {1}, lists)
        self.assertEqual(set(lists), {
            "pods", "nodes", "namespaces", "resourcequotas", "networkpolicies", "deployments",
            "statefulsets", "daemonsets", "jobs", "cronjobs", "replicationcontrollers", "roles",
            "rolebindings", "prometheusrules", "ingresses", "horizontalpodautoscalers",
            "poddisruptionbudgets", "clusterroles", "clusterrolebindings", "services",
            "validatingwebhookconfigurations", "mutatingwebhookconfigurations",
            "persistentvolumes", "persistentvolumeclaims", "storageclasses", "apiservices",
            "configmaps", "runtimeclasses", "limitranges", "priorityclasses"})
        for event in requests:
            if event["verb"] == "list":
                # ConfigMaps may be a megabyte each, nodes name all their images.
                limit = {"configmaps": 50, "nodes": 100}.get(event["objectRef"]["resource"], 250)
                self.assertEqual(parse_qs(urlsplit(event["requestURI"]).query)["limit"], [str(limit)])

    def test_only_kinds_that_a_rule_needs(self):
        for rules, kinds in (("gpu-withdrawn", {"nodes"}), ("quota-gpu-key-inert", {"resourcequotas", "namespaces"}),
                             ("netpol-dns-tcp-missing,psa-missing", None)):
            with self.subTest(rules):
                self.audit_log.mark()
                report, _ = self.audit("--select", rules)
                listed = {event["objectRef"]["resource"] for event in self.audit_log.requests()
                          if event["verb"] == "list"}
                self.assertEqual({finding["rule"] for finding in report["findings"]} - set(rules.split(",")), set())
                if kinds:
                    self.assertEqual(listed, kinds)
                self.assertNotIn("roles", listed)

    def test_secrets_are_never_asked_for(self):
        self.audit()
        self.audit("-n", self.bad)
        for event in self.audit_log.requests():
            self.assertNotEqual(event.get("objectRef", {}).get("resource"), "secrets")

    def test_long_lists_come_in_pages(self):
        many = self.create_namespace("audit-many")
        roles = path_of(role(many, "any"))
        for index in range(MANY):
            self.api.create(roles, role(many, f"role-{index:04}"))
        self.audit_log.mark()
        report, _ = self.audit("-n", many, "--select", "rbac-unbound-role", exit=0)
        self.assertEqual([finding["object"]["name"] for finding in report["findings"]],
                         [f"role-{index:04}" for index in range(MANY)])
        pages = [parse_qs(urlsplit(event["requestURI"]).query) for event in self.audit_log.requests()
                 if event.get("objectRef", {}).get("resource") == "roles"]
        self.assertEqual([page["limit"] for page in pages], [["250"]] * 3)
        self.assertEqual(["continue" in page for page in pages], [False, True, True])

        with self.subTest("the server goes away between two pages"):
            gone = Between(self, lasts=1)
            run = self.run_binary("kubectl-ai-audit", "-n", many, "--select", "rbac-unbound-role",
                                  "--server", gone.address, "--request-timeout", "3s")
            # The one answer is the first page of Roles, and nothing was read; or it is all
            # RoleBindings, and something was. Which, is up to the threads.
            if run.exit == 4:
                self.assertIn("Role: ", run.stdout)
                self.assertIn("connection refused", run.stdout)
            else:
                self.assertEqual(run.exit, 3, run.stdout + run.stderr)
                self.assertEqual(run.stderr.count("error:"), 1, run.stderr)
                self.assertEqual(run.stdout, "")
        with self.subTest("some kinds had been read"):
            gone = Between(self, lasts=6)
            report, run = self.audit("--server", gone.address, "--request-timeout", "3s", exit=4)
            self.assertTrue(report["coverage"]["notChecked"])
            self.assertTrue(report["coverage"]["checked"])

        faults = ("429", "503", "reset", "stall", "truncate", "410")
        select = ("-n", many, "--select", "rbac-unbound-role")
        for seed in (1, 2, 3):
            with self.subTest("faults", seed=seed):
                proxy = self.fault_proxy(rate=0.2, seed=seed, kinds=faults)
                through, _ = self.audit(*select, exit=0, env={"KUBECONFIG": str(proxy.kubeconfig)})
                self.assertEqual(through, report_of(self, select))

    # --- the same from elsewhere

    def test_faults_change_nothing(self):
        want = ageless(self.run_binary("kubectl-ai-audit", "-o", "json").stdout)
        injected = 0
        for seed in (11, 12, 13):
            proxy = self.fault_proxy(rate=0.2, seed=seed,
                                     kinds=("429", "503", "reset", "stall", "truncate", "410"))
            run = self.run_binary("kubectl-ai-audit", "-o", "json", env={"KUBECONFIG": str(proxy.kubeconfig)},
                                  timeout=300)
            self.assertEqual(run.exit, 1, run.stderr)
            self.assertEqual(ageless(run.stdout), want)
            injected += len(proxy.injected())
        self.assertGreater(injected, 0)

    def test_a_dump_says_the_same_as_the_cluster(self):
        self.wait_until_nothing_goes_away()
        live, _ = self.audit("-A")
        kinds = ("nodes,namespaces,pods,resourcequotas,networkpolicies,deployments,statefulsets,daemonsets,jobs,"
                 "cronjobs,replicationcontrollers,roles,rolebindings,prometheusrules,ingresses,hpa,pdb,"
                 "clusterroles,clusterrolebindings,services,validatingwebhookconfigurations,"
                 "mutatingwebhookconfigurations,persistentvolumeclaims,persistentvolumes,storageclasses,"
                 "apiservices,configmaps,runtimeclasses,limitranges,priorityclasses")
        for form in ("yaml", "json"):
            with self.subTest(form):
                dump = self.kubectl("get", kinds, "-A", "--show-managed-fields", "-o", form)
                self.assertEqual(dump.exit, 0, dump.stderr)
                version = self.api.get("/version")
                again, _ = self.audit("--cluster-dump", "-f", "-", "--target-version",
                                      f"{version['major']}.{version['minor']}", stdin=dump.stdout, exit=1)
                for report in (live, again):
                    for finding in report["findings"]:
                        finding.pop("location", None)
                        finding["message"] = ageless(finding["message"])
                self.assertEqual(again["findings"], live["findings"])
                self.assertEqual(again["summary"], live["summary"])

    # --- whom and what

    def test_a_user_who_may_read_all_built_in_kinds_but_secrets(self):
        report, _ = self.audit(context="viewer", exit=4)
        missing, = report["coverage"]["notChecked"]
        self.assertEqual((missing["kind"], missing["rules"]), ("PrometheusRule", ["monitoring-unknown-gpu-metric"]))
        self.assertIn("cannot list", missing["reason"])
        self.audit("--allow-partial", context="viewer", exit=1)
        skip = ("--skip", "monitoring-unknown-gpu-metric")
        self.assertEqual(ageless(json.dumps(self.audit(*skip, context="viewer", exit=1)[0])),
                         ageless(json.dumps(self.audit(*skip)[0])))

    def test_a_user_of_one_namespace(self):
        self.world.add(quota("team", "inert", **{"limits.nvidia.com/gpu": "1"}))
        report, _ = self.audit("-n", "team", context="team-viewer", exit=4)
        self.assertIn("quota-gpu-key-inert", {finding["rule"] for finding in report["findings"]})
        missing = {entry["kind"]: entry for entry in report["coverage"]["notChecked"]}
        self.assertIn("Node", missing)
        self.assertIn("gpu-toleration-missing", missing["Node"]["rules"])
        self.assertNotIn("psa-missing", missing["Namespace"]["rules"])  # of its own all is known
        self.assertEqual(missing["Role"]["rules"],
                         ["api-deprecated", "api-removed", "rbac-dangling-binding", "rbac-escalation",
                          "rbac-unbound-role", "rbac-wildcard"])
        self.assertNotIn("Pod", missing)
        self.assertNotIn("gpu-node-lost", json.dumps(report))  # not a rule about a namespace

        everywhere, _ = self.audit(context="team-viewer", exit=4)
        self.assertEqual(everywhere["findings"], [])
        # What needs no permission for other things is all there is to ask for.
        self.audit("-n", "team", "--select", "quota-gpu-key-inert", context="team-viewer", exit=1)
        self.audit("-n", "team", "--allow-partial", context="team-viewer", exit=1)

    def test_a_user_who_may_nothing(self):
        report, run = self.audit(context="outsider", exit=4)
        self.assertEqual(report["findings"], [])
        # Of custom kinds without their CRD there are no objects: that is an answer.
        self.assertFalse({"Pod", "Node", "Namespace", "NetworkPolicy", "Role"} & set(report["coverage"]["checked"]))
        for entry in report["coverage"]["notChecked"]:
            self.assertIn("forbidden", entry["reason"])
            self.assertTrue(entry["rules"], entry)
        self.assertIn("Pod", {entry["kind"] for entry in report["coverage"]["notChecked"]})
        self.audit("--allow-partial", context="outsider", exit=0)
        table = self.run_binary("kubectl-ai-audit", context="outsider")
        self.assertEqual(table.exit, 4)
        self.assertIn("NOT CHECKED", table.stdout)
        self.assertNotIn("No findings", table.stdout)

    def test_one_namespace(self):
        for namespace, clean in ((self.bad, False), (self.good, True)):
            # Both let privileged pods in, on purpose.
            report, run = self.audit("-n", namespace, "--skip", "psa-privileged-namespace")
            self.assertEqual(run.exit, 0 if clean else 1)
            self.assertEqual(clean, not report["findings"])
            for finding in report["findings"]:
                named = finding["object"].get("namespace", finding["object"]["name"])
                self.assertEqual(named, namespace)

    def test_what_fails_the_run(self):
        for arguments, expected in (
                (("--select", "rbac-unbound-role"), 0), (("--select", "rbac-unbound-role", "--fail-on", "info"), 1),
                (("--select", "gpu-shm-small"), 1), (("--select", "gpu-shm-small", "--fail-on", "error"), 0),
                (("--select", "gpu-withdrawn", "--fail-on", "error"), 1), (("--fail-on", "never"), 0)):
            with self.subTest(arguments):
                self.assertTrue(self.audit(*arguments, exit=expected)[0]["findings"])
        skipped, _ = self.audit("--skip", "gpu-withdrawn,gpu-node-lost", "--skip", "psa-missing")
        self.assertEqual({"gpu-withdrawn", "gpu-node-lost", "psa-missing"}
                         & {finding["rule"] for finding in skipped["findings"]}, set())
        for arguments in (("--select", "gpu-witdrawn"), ("--fail-on", "sometimes"), ("--cluster-dump",)):
            with self.subTest(arguments):
                run = self.run_binary("kubectl-ai-audit", *arguments)
                self.assertEqual((run.exit, run.stdout), (2, ""), run.stderr)

    def test_the_report_has_the_documented_shape(self):
        self.wait_until_nothing_goes_away()
        report, run = self.audit()
        self.assertEqual((report["apiVersion"], report["kind"]), ("kubectl-ai/v1alpha1", "AuditReport"))
        self.assertEqual(set(report), {"apiVersion", "kind", "findings", "coverage", "summary"})
        self.assertEqual(set(report["coverage"]), {"checked", "notChecked", "rules"})
        self.assertEqual(set(report["summary"]), {"error", "warning", "info", "objects", "grade", "gpus"})
        self.assertEqual(set(report["summary"]["gpus"]), {"total", "allocatable", "allocated", "lost", "stranded",
                                                          "unprotected", "nodes"})
        severities = Counter(finding["severity"] for finding in report["findings"])
        self.assertEqual(severities, {name: report["summary"][name] for name in severities})
        for finding in report["findings"]:
            self.assertLessEqual({"rule", "severity", "object", "path", "observed", "expected", "message", "fix",
                                  "fingerprint"}, set(finding))
            self.assertLessEqual(set(finding["object"]), {"apiVersion", "kind", "namespace", "name"})
            self.assertRegex(finding["fingerprint"], r"^[0-9a-f]{16}$")
            self.assertNotIn("location", finding)
        prints = [finding["fingerprint"] for finding in report["findings"]]
        self.assertEqual(len(prints), len(set(prints)))
        yaml = self.run_binary("kubectl-ai-audit", "-o", "yaml")
        as_json = self.kubectl("patch", "--local", "-p", "{}", "--type=merge", "-o", "json", "-f", "-",
                               stdin="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: report}\nreport:\n"
                                     + "".join(f"  {line}\n" for line in yaml.stdout.splitlines()))
        self.assertEqual(ageless(json.dumps(json.loads(as_json.stdout)["report"], sort_keys=True)),
                         ageless(json.dumps(json.loads(run.stdout), sort_keys=True)), as_json.stderr)

    # --- interrupted

    def test_interrupt_while_the_server_is_silent(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            reached = threading.Event()

            def accept():
                connection, _ = silent.accept()
                reached.set()
                while connection.recv(4096):
                    pass
                connection.close()
            threading.Thread(target=accept, daemon=True).start()
            command = [self.binary("kubectl-ai-audit"), "--server", f"http://127.0.0.1:{silent.getsockname()[1]}"]
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True) as process:
                self.assertTrue(reached.wait(60))
                process.send_signal(signal.SIGINT)
                stdout, stderr = process.communicate(timeout=60)
            self.assertEqual((process.returncode, stdout), (130, ""), stderr)


class WithoutMonitoring(ClusterTest):
    def test_a_kind_that_is_not_there_any_more_is_no_gap(self):
        """Discovery is cached for hours; a CRD can go meanwhile."""
        crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        name = PROMETHEUS_RULES["metadata"]["name"]
        rules = "/apis/monitoring.coreos.com/v1/prometheusrules"
        self.api.create(crds, PROMETHEUS_RULES)
        self.addCleanup(self.delete, f"{crds}/{name}")
        self.eventually(lambda: self.api.raw("GET", rules)[0] == 200)
        with tempfile.TemporaryDirectory() as cache:
            for served in (True, False):
                if not served:
                    self.delete(f"{crds}/{name}")
                    self.eventually(lambda: self.api.raw("GET", rules)[0] == 404)
                run = self.run_binary("kubectl-ai-audit", "-o", "json", "--cache-dir", cache,
                                      "--select", "monitoring-unknown-gpu-metric")
                self.assertEqual(run.exit, 0, run.stdout + run.stderr)
                self.assertEqual(json.loads(run.stdout)["coverage"]["checked"], ["Namespace", "PrometheusRule"])


def report_of(test, arguments):
    return test.audit(*arguments)[0]


if __name__ == "__main__":
    unittest.main()
