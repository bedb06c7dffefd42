"""`kubectl ai audit` on a real API server: what it finds, and what it says of it."""

import json
import re
import tempfile
import unittest
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

from audit_support import (OFFERS, TOLERATES, AuditTest, Between, ageless, deployment, meta, path_of,
                           quota)


class Findings(AuditTest):
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


if __name__ == "__main__":
    unittest.main()
