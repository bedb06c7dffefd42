"""`kubectl ai policy test` on a real API server: it answers as it does for the same objects in
files, asks for little, and says what it has not looked at.
"""

import json
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import jsonschema

from kaicluster.testing import ClusterTest

SCHEMA = Path(__file__).resolve().parents[2] / "shared/kai/output/policy-test.schema.json"
CILIUM = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "ciliumnetworkpolicies.cilium.io"},
    "spec": {"group": "cilium.io", "scope": "Namespaced",
             "names": {"kind": "CiliumNetworkPolicy", "plural": "ciliumnetworkpolicies"},
             "versions": [{"name": "v2", "served": True, "storage": True, "schema": {
                 "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}


class PolicyTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.lab = self.create_namespace("lab", {"team": "research"})
        self.data = self.create_namespace("data", {"team": "platform"})
        self.add_pod(self.lab, "trainer", {"app": "trainer"}, [{"name": "http", "containerPort": 8080}])
        self.add_pod(self.data, "minio", {"app": "minio"}, [{"name": "api", "containerPort": 9000},
                                                            {"name": "dns", "containerPort": 53, "protocol": "UDP"}])
        self.add_policy(self.lab, "closed", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
        self.add_policy(self.lab, "out", {
            "podSelector": {"matchLabels": {"app": "trainer"}}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {"matchLabels": {"team": "platform"}},
                                "podSelector": {"matchLabels": {"app": "minio"}}}], "ports": [{"port": "api"}]},
                       {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}],
                        "ports": [{"port": 443, "endPort": 450}]}]})
        # Without policyTypes: the server fills in what we read from files as it is.
        self.add_policy(self.data, "in", {
            "podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {"matchExpressions": [
                {"key": "team", "operator": "In", "values": ["research"]}]}}], "ports": [{"port": 9000}]}]})

    def add_pod(self, ns, name, labels, ports):
        self.api.create(f"/api/v1/namespaces/{ns}/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
            "spec": {"containers": [{"name": "main", "image": "registry.example/main:1", "ports": ports}]}})

    def add_policy(self, ns, name, spec):
        self.api.create(f"/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies", {
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec})

    def ask(self, source, destination, *arguments, **options):
        return self.run_binary("kubectl-ai-policy", "test", "--from", source, "--to", destination, *arguments, **options)

    def test_live_equals_offline(self):
        dump = self.kubectl("get", "pods,namespaces,networkpolicies", "-A", "-o", "yaml").stdout
        answers = Counter()
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(dump)
            file.flush()
            trainer, minio = f"{self.lab}/trainer", f"{self.data}/minio"
            for source, destination in ((trainer, f"{minio}:api"), (trainer, f"{minio}:9001"),
                                        (trainer, f"{minio}:dns"), (minio, f"{trainer}:http"),
                                        (trainer, "203.0.113.7:443"), (trainer, "203.0.113.7:451"),
                                        (trainer, "10.0.0.1:443"), ("203.0.113.7", f"{minio}:9000"),
                                        (minio, "203.0.113.7:1/SCTP"), (minio, f"{minio}:9000"),
                                        (trainer, f"{minio}:none"), (f"{self.lab}/traine", f"{minio}:1")):
                with self.subTest(source=source, destination=destination):
                    live, offline = (self.ask(source, destination, "-o", "json", *files)
                                     for files in ((), ("-f", file.name)))
                    self.assertEqual((live.exit, live.stdout), (offline.exit, offline.stdout), live.stderr)
                    answers[live.exit] += 1
                    if live.exit != 3:
                        jsonschema.validate(json.loads(live.stdout), json.loads(SCHEMA.read_text()))
                    else:
                        self.assertIn("hint: did you mean" if source.endswith("/traine") else "error:", live.stderr)
        self.assertEqual(set(answers), {0, 1, 3})
        self.assertEqual(self.audit_log.writes(), [])

    def test_each_kind_is_listed_once_at_most(self):
        self.assertEqual(self.ask(f"{self.lab}/trainer", f"{self.data}/minio:api").exit, 0)
        lists = Counter(event["objectRef"]["resource"] for event in self.audit_log.requests()
                        if event["verb"] == "list")
        self.assertEqual(lists, {"networkpolicies": 1})

    def test_names_policies_that_it_did_not_evaluate(self):
        crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        self.api.create(crds, CILIUM)
        self.addCleanup(self.delete, f"{crds}/{CILIUM['metadata']['name']}")
        path = f"/apis/cilium.io/v2/namespaces/{self.data}/ciliumnetworkpolicies"
        self.eventually(lambda: self.api.raw("GET", path)[0] == 200)
        with tempfile.TemporaryDirectory() as cache:
            ask = lambda: self.ask(f"{self.lab}/trainer", f"{self.data}/minio:api", "--cache-dir", cache)
            self.assertNotIn("Cilium", ask().stdout)
            self.api.create(path, {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
                                   "metadata": {"name": "l7"}, "spec": {}})
            run = ask()
            self.assertEqual(run.exit, 0)
            self.assertIn(f"CiliumNetworkPolicy {self.data}/l7 was not evaluated", " ".join(run.stdout.split()))


if __name__ == "__main__":
    unittest.main()
