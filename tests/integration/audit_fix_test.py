"""kubectl ai audit fix on the real API server: what it writes, what it leaves, and that
nobody else's change is lost.
"""

import json
import threading
import unittest
from pathlib import Path

import jsonschema

from kaicluster import nodes
from kaicluster.testing import ClusterTest

RBAC = "rbac.authorization.k8s.io"
BINDINGS = f"/apis/{RBAC}/v1/clusterrolebindings"


class Fix(ClusterTest):
    def setUp(self):
        super().setUp()
        self.namespace = self.create_namespace("fix-dave", {"pod-security.kubernetes.io/enforce": "privileged"})
        self.quotas = f"/api/v1/namespaces/{self.namespace}/resourcequotas"
        self.policies = f"/apis/networking.k8s.io/v1/namespaces/{self.namespace}/networkpolicies"
        self.audit_log.mark()

    def make_quota(self, name, **metadata):
        self.api.create(self.quotas, {
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name, **metadata},
            "spec": {"hard": {"limits.nvidia.com/gpu": "4", "pods": "10"}}})

    def make_policy(self, name):
        self.api.create(self.policies, {
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name},
            "spec": {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Egress"],
                     "egress": [{"ports": [{"port": 443}]}, {"ports": [{"port": 53, "protocol": "UDP"}]}]}})

    def make_deployment(self, name, spec=None, replicas=2):
        labels = {"app": name}
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
        container = {"name": "main", "image": "registry.example/web:1"}
        self.api.create(path, {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels},
                                  "spec": {"containers": [container], **(spec or {})}}}})
        self.eventually(lambda: self.api.get(f"{path}/{name}")["status"].get("replicas") == replicas)
        return f"{path}/{name}"

    def run_fix(self, *arguments, exit=0, **options):
        run = self.run_binary("kubectl-ai-audit", "fix", "-n", self.namespace, *arguments, **options)
        self.assertEqual(run.exit, exit, run.stdout + run.stderr)
        return run

    def hard(self, name):
        return self.api.get(f"{self.quotas}/{name}")["spec"]["hard"]

    def test_thresholds_of_a_file_count_here_too(self):
        # Kubernetes puts one ConfigMap into every namespace: half of the quota.
        self.api.create(self.quotas, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "maps"},
                                      "spec": {"hard": {"configmaps": "2"}}})
        self.eventually(lambda: self.api.get(f"{self.quotas}/maps")["status"].get("used") == {"configmaps": "1"})
        config = ("apiVersion: kubectl-ai/v1alpha1\nkind: AuditConfig\n"
                  "thresholds: {quota-exhausted: {used: 50%}}\n")
        chosen = ("--plan", "--select", "quota-exhausted")
        self.assertEqual(self.run_fix(*chosen).stdout, "Nothing to fix: nothing was found, 0 writes\n")
        self.assertEqual(self.run_fix(*chosen, "--config", "-", stdin=config).stdout,
                         "Nothing to fix: 1 finding, none with a patch, 0 writes\n")

    def test_writes_what_its_plan_says_and_then_nothing(self):
        self.make_quota("gpus")
        self.make_policy("dns")
        chosen = ("--select", "quota-gpu-key-inert,netpol-dns-tcp-missing")
        plan = self.run_fix("--plan", *chosen, exit=1)
        self.assertIn('+ spec.hard.requests.nvidia.com/gpu: "4"\n', plan.stdout)
        self.assertIn("2 patches for 2 objects\n", plan.stdout)
        for mode in ("client", "server"):
            self.run_fix(f"--dry-run={mode}", *chosen)
        self.assertEqual(self.audit_log.writes(), [])

        done = self.run_fix(*chosen)
        self.assertTrue(done.stdout.startswith(plan.stdout), done.stdout)
        self.assertIn("2 configured in 2 writes\n", done.stdout)
        self.assertEqual(self.hard("gpus"), {"requests.nvidia.com/gpu": "4", "pods": "10"})
        egress = self.api.get(f"{self.policies}/dns")["spec"]["egress"]
        self.assertEqual(egress[0]["ports"], [{"port": 443, "protocol": "TCP"}])
        self.assertEqual(egress[1]["ports"], [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}])
        managers = {entry["manager"] for entry in
                    self.api.get(f"{self.quotas}/gpus")["metadata"]["managedFields"]}
        self.assertIn("kubectl-ai", managers)
        self.assertEqual(len(self.audit_log.writes()), 2)

        again = self.run_fix(*chosen)
        self.assertEqual(again.stdout, "Nothing to fix: nothing was found, 0 writes\n")
        self.assertEqual(len(self.audit_log.writes()), 2)

    def test_a_writer_beside_it_loses_nothing(self):
        for round in range(10):
            name = f"dns-{round}"
            self.make_policy(name)
            stop = threading.Event()
            last = [0]

            def annotate():
                while not stop.is_set():
                    last[0] += 1
                    self.api.merge(f"{self.policies}/{name}",
                                   {"metadata": {"annotations": {"example.org/n": str(last[0])}}})

            writer = threading.Thread(target=annotate)
            writer.start()
            try:
                self.run_fix("--select", "netpol-dns-tcp-missing")
            finally:
                stop.set()
                writer.join()
            policy = self.api.get(f"{self.policies}/{name}")
            self.assertEqual(policy["metadata"]["annotations"]["example.org/n"], str(last[0]))
            self.assertEqual(len(policy["spec"]["egress"][1]["ports"]), 2)

    def test_leaves_what_others_keep(self):
        self.make_quota("charted", labels={"app.kubernetes.io/managed-by": "Helm"},
                        annotations={"meta.helm.sh/release-name": "lab",
                                     "meta.helm.sh/release-namespace": "ops"})
        applied = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "applied"},
                   "spec": {"hard": {"limits.nvidia.com/gpu": "4"}}}
        made = self.kubectl("apply", "--server-side", "--field-manager=pipeline", "-n", self.namespace, "-f", "-",
                            stdin=json.dumps(applied))
        self.assertEqual(made.exit, 0, made.stderr)
        self.make_quota("free")
        self.audit_log.mark()
        run = self.run_fix("--select", "quota-gpu-key-inert", exit=1)
        self.assertIn("belongs to Helm release ops/lab: change its values or its chart instead", run.stdout)
        self.assertIn('is applied by "pipeline": change what that applies instead', run.stdout)
        self.assertIn("1 configured in 1 write\n", run.stdout)
        self.assertEqual(self.hard("free"), {"requests.nvidia.com/gpu": "4", "pods": "10"})
        self.assertEqual(len(self.audit_log.writes()), 1)

        self.run_fix("--select", "quota-gpu-key-inert", "--force-conflicts")
        self.assertEqual(self.hard("charted"), {"requests.nvidia.com/gpu": "4", "pods": "10"})
        self.assertEqual(self.hard("applied"), {"requests.nvidia.com/gpu": "4"})

    def test_what_the_server_refuses_is_left_and_the_rest_is_done(self):
        path = f"/apis/batch/v1/namespaces/{self.namespace}/jobs"
        self.api.merge(f"/api/v1/namespaces/{self.namespace}",
                       {"metadata": {"labels": {"pod-security.kubernetes.io/warn": "restricted"}}})
        self.api.create(path, {
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train"},
            "spec": {"suspend": False, "template": {"spec": {
                "restartPolicy": "Never", "nodeSelector": {"example.org/nowhere": "true"},
                "containers": [{"name": "main", "image": "registry.example/train:1"}]}}}})
        deployment = self.make_deployment("web")
        run = self.run_fix("--select", "pod-violates-restricted", exit=1)
        self.assertIn("pod-violates-restricted: Job", run.stdout)
        self.assertIn("the server refuses it:", run.stdout)
        self.assertIn("! restarts its 2 pods\n", run.stdout)
        pod = self.api.get(deployment)["spec"]["template"]["spec"]
        self.assertEqual(pod["securityContext"], {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}})
        self.assertEqual(pod["containers"][0]["securityContext"],
                         {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}})

    def test_what_the_server_warns_about_is_decided_by_people(self):
        self.api.merge(f"/api/v1/namespaces/{self.namespace}",
                       {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": None}}})
        self.make_deployment("host", {"hostNetwork": True}, replicas=1)
        self.audit_log.mark()
        run = self.run_fix("--select", "security", "--skip", "pod-violates-baseline")
        self.assertIn("to be decided first: the server warns: existing pods", " ".join(run.stdout.split()))
        self.assertEqual(self.audit_log.writes(), [])
        named = self.run_fix("--select", "psa-missing", "-o", "json")
        self.assertIn("existing pods", json.loads(named.stdout)["changes"][0]["warnings"][0])
        labels = self.api.get(f"/api/v1/namespaces/{self.namespace}")["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "baseline")

    def test_documents_follow_the_published_schema(self):
        self.api.merge(f"/api/v1/namespaces/{self.namespace}",
                       {"metadata": {"labels": {"pod-security.kubernetes.io/warn": "restricted"}}})
        self.make_quota("gpus")
        self.make_deployment("web")
        schema = json.loads((Path(__file__).resolve().parents[2] / "shared/kai/output/audit-fix.schema.json").read_text())
        jobs = f"/apis/batch/v1/namespaces/{self.namespace}/jobs"
        self.api.create(jobs, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train"}, "spec": {
            "template": {"spec": {"restartPolicy": "Never", "nodeSelector": {"example.org/nowhere": "true"},
                                  "containers": [{"name": "main", "image": "registry.example/web:1"}]}}}})
        chosen = ("--select", "quota-gpu-key-inert,pod-violates-restricted", "-o", "json")
        documents = [json.loads(self.run_fix(*arguments, exit=exit).stdout) for arguments, exit in (
            (("--plan", "-o", "json"), 1), (("--plan", *chosen), 1), (("--dry-run=server", *chosen), 0),
            (chosen, 1), (chosen, 1))]
        for document in documents:
            jsonschema.validate(document, schema)
        _, plan, _, done, again = documents
        self.assertTrue(plan["pending"])
        self.assertTrue(any(change.get("impacts") for change in plan["changes"]))
        self.assertEqual({change["outcome"] for change in done["changes"]}, {"done"})
        self.assertFalse(done["pending"])
        self.assertTrue(done["left"])
        self.assertEqual(again["changes"], [])


class WholeCluster(ClusterTest):
    def run_fix(self, *arguments, exit=0):
        run = self.run_binary("kubectl-ai-audit", "fix", *arguments)
        self.assertEqual(run.exit, exit, run.stdout + run.stderr)
        return run

    def test_a_cordoned_node_waits_for_a_decision(self):
        node = nodes.make_node("fix-gpu", 0, resources={"nvidia.com/gpu": 2}, unschedulable=True)
        self.create_nodes(node)
        run = self.run_fix("--select", "gpu-nodes", "--skip", "gpu-node-untainted,gpu-node-unlabelled", exit=0)
        self.assertIn("to be decided first: whether its maintenance is over", run.stdout)
        self.assertTrue(self.api.get("/api/v1/nodes/fix-gpu")["spec"]["unschedulable"])
        self.run_fix("--select", "gpu-node-lost")
        self.assertNotIn("unschedulable", self.api.get("/api/v1/nodes/fix-gpu")["spec"])

    def test_nobody_locks_himself_out(self):
        me = self.kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}").stdout
        subjects = [{"kind": "User", "name": name, "apiGroup": RBAC} for name in ("carol", me)]
        for name, some in (("fix-both", subjects), ("fix-carol", subjects[:1])):
            self.addCleanup(self.delete, f"{BINDINGS}/{name}")
            self.api.create(BINDINGS, {
                "apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"}, "subjects": some})
        run = self.run_fix("--select", "rbac-cluster-admin", exit=1)
        self.assertIn("it would take away your own rights", run.stdout)
        self.assertEqual(self.api.get(f"{BINDINGS}/fix-both")["subjects"], subjects)
        self.assertNotIn("subjects", self.api.get(f"{BINDINGS}/fix-carol"))


if __name__ == "__main__":
    unittest.main()
