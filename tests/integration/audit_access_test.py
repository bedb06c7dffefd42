"""`kubectl ai audit` on a real API server for those who may not see everything: what they are
told, and what they are told that they were not.
"""

import json
import tempfile
import unittest

from audit_support import PROMETHEUS_RULES, AuditTest, ageless, quota
from kaicluster.testing import ClusterTest


class Access(AuditTest):
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


if __name__ == "__main__":
    unittest.main()
