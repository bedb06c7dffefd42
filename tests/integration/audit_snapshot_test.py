"""kubectl ai audit snapshot and --snapshot on the real API server: what is found in a
snapshot is what was found in the cluster.
"""

import gzip
import json
import re
import tempfile
import unittest
from pathlib import Path

from kaicluster.testing import ClusterTest


def ageless(text):
    """Without the ages, which are counted from when the cluster was read."""
    return re.sub(r"\b(for|since|to) \d+[smhd]\b", r"\1 AGE", text)


class Snapshot(ClusterTest):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = Path(directory.name) / "cluster.snapshot"
        self.namespace = self.create_namespace("snapshot-alice")
        self.api.create(f"/api/v1/namespaces/{self.namespace}/resourcequotas", {
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "carol"},
            "spec": {"hard": {"limits.nvidia.com/gpu": "4"}}})
        self.api.create(f"/api/v1/namespaces/{self.namespace}/secrets", {
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"},
            "stringData": {"token": "hunter2"}})
        self.api.create(f"/api/v1/namespaces/{self.namespace}/configmaps", {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dex"},
            "data": {"config.yaml": "staticClients: [{id: notebooks, secret: swordfish}]\n"
                                    "staticPasswords:\n"
                                    "- {email: user@example.com, hash: of-their-own}\n"
                                    "- {email: alice@example.com, hash: of-alice}\n"}})
        self.audit_log.mark()

    def run_audit(self, *arguments, **options):
        return self.run_binary("kubectl-ai-audit", *arguments, **options)

    def take(self, *arguments, exit=0, **options):
        run = self.run_audit("snapshot", "-o", str(self.file), *arguments, **options)
        self.assertEqual(run.exit, exit, run.stdout + run.stderr)
        return run

    def content(self):
        with gzip.open(self.file, "rt") as text:
            return text.read()

    def test_finds_what_is_found_live(self):
        self.take()
        self.assertEqual(self.audit_log.writes(), [])
        for arguments in ((), ("-o", "wide"), ("-o", "json"), ("-n", self.namespace, "-o", "json"),
                          ("--select", "quota-gpu-key-inert", "-o", "json"),
                          ("--select", "kubeflow-default-login", "-o", "json"), ("--select", "gpu-nodes", "-o", "json"),
                          ("--target-version", "1.36", "--select", "api-removed", "-o", "json")):
            with self.subTest(arguments):
                live = self.run_audit(*arguments)
                again = self.run_audit("--snapshot", str(self.file), *arguments,
                                       env={"KUBECONFIG": "/nonexistent"})
                self.assertEqual(again.stderr, "")
                self.assertEqual(ageless(again.stdout), ageless(live.stdout))
                self.assertEqual(again.exit, live.exit)

    def test_says_the_same_each_time(self):
        self.take()
        first = self.run_audit("--snapshot", str(self.file), "-o", "json")
        self.assertIn(f'"namespace": "{self.namespace}"', first.stdout)
        self.assertEqual(self.run_audit("--snapshot", str(self.file), "-o", "json").stdout, first.stdout)

    def test_secrets_are_not_in_it(self):
        self.take()
        text = self.content()
        for secret in ("hunter2", "swordfish", "of-their-own", "alice@"):
            self.assertNotIn(secret, text)
        self.assertIn("user@example.com", text)
        self.assertNotIn('"kind":"Secret"', text)
        for event in self.audit_log.requests():
            self.assertNotEqual(event.get("objectRef", {}).get("resource"), "secrets")
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

    def test_redacted_has_the_same_findings_under_other_names(self):
        self.take()
        plain = json.loads(self.run_audit("--snapshot", str(self.file), "-o", "json").stdout)
        self.take("--redact")
        text = self.content()
        for name in ("alice", "carol"):
            self.assertNotIn(name, text)
        redacted = json.loads(self.run_audit("--snapshot", str(self.file), "-o", "json").stdout)

        def rules(report):
            return sorted((finding["rule"], finding["object"]["kind"]) for finding in report["findings"])
        self.assertEqual(rules(redacted), rules(plain))
        for report in (plain, redacted):
            for node in report["summary"]["gpus"]["nodes"]:
                del node["name"]
            report["summary"]["gpus"]["nodes"].sort(key=json.dumps)
        self.assertEqual(redacted["summary"], plain["summary"])

    def test_what_a_user_may_not_read_is_not_checked(self):
        run = self.take("-n", "team", context="team-viewer", exit=4)
        self.assertIn("warning: not in the snapshot: ", run.stderr)
        live = self.run_audit("-n", "team", "-o", "json", context="team-viewer")
        again = self.run_audit("--snapshot", str(self.file), "-n", "team", "-o", "json")
        self.assertEqual(ageless(again.stdout), ageless(live.stdout))
        self.assertEqual((again.exit, live.exit), (4, 4))
        run = self.run_audit("--snapshot", str(self.file))
        self.assertEqual(run.exit, 3)
        self.assertIn("a snapshot of the namespace team alone", run.stderr)

    def test_a_failure_leaves_the_file_as_it_was(self):
        self.file.write_bytes(b"before")
        run = self.take("--server", "https://127.0.0.1:1", exit=3)
        self.assertIn("127.0.0.1:1", run.stderr)
        self.assertEqual(self.file.read_bytes(), b"before")
        self.assertEqual(list(self.file.parent.iterdir()), [self.file])

    def test_a_label_of_a_namespace_excepts_live_and_in_a_snapshot(self):
        self.api.merge(f"/api/v1/namespaces/{self.namespace}",
                       {"metadata": {"labels": {"except.kubectl-ai/quota-gpu-key-inert": "2999-12-31_known"}}})
        self.take()
        for source in ((), ("--snapshot", str(self.file))):
            report = json.loads(self.run_audit(*source, "--select", "quota-gpu-key-inert", "-n", self.namespace,
                                               "-o", "json").stdout)
            self.assertEqual(report["findings"], [])
            self.assertEqual([entry["exception"] for entry in report["excepted"]],
                             [{"reason": "known", "until": "2999-12-31",
                               "given": f"label of Namespace {self.namespace}"}])


if __name__ == "__main__":
    unittest.main()
