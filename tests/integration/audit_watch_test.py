"""`kubectl ai audit --watch` on the real API server: what it tells, what it asks for, and what
it says and does not say while the server is away.
"""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from collections import Counter
from contextlib import suppress
from pathlib import Path

import jsonschema

from kaicluster import nodes
from kaicluster.testing import ClusterTest, port_of

# Long: a machine may be slow, and nothing is measured here.
PATIENCE = 180
GPU = {"nvidia.com/gpu": 4}
LABEL = "nvidia.com/gpu.present"
CONFIG = """\
apiVersion: kubectl-ai/v1alpha1
kind: AuditConfig
thresholds:
  gpu-pending: {patience: 0s}
"""
_CHANGE_SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "shared/kai/output/audit-change.schema.json").read_text())
RULES = "gpu-node-unlabelled,quota-gpu-key-inert,gpu-pending,psa-missing"


class Watching:
    """An audit that stays: its output line by line, while it runs."""

    def __init__(self, test, *arguments, kubeconfig=None, context=None):
        command = [test.binary("kubectl-ai-audit"), "--watch", *arguments]
        if context:
            command += ["--context", context]
        env = dict(os.environ, **({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}))
        self._test = test
        # pylint: disable=consider-using-with
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True, env=env)
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        test.addCleanup(self._kill)

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def _kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()

    def wait_for(self, *patterns):
        """Until each pattern is on a line."""
        def told():
            if self._process.poll() is not None:
                self._test.fail(f"it ended: {self._process.stderr.read()}\n" + "\n".join(self.lines))
            return all(any(re.search(pattern, line) for line in self.lines) for pattern in patterns)
        try:
            self._test.eventually(told, timeout=PATIENCE)
        except AssertionError:
            self._test.fail(f"{patterns} were not told:\n" + "\n".join(self.lines))

    def stop(self):
        """Ctrl-C; (exit code, stderr)."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(timeout=PATIENCE)
        self._reader.join(timeout=PATIENCE)
        return code, self._process.stderr.read()

    def told(self, sign):
        return [line for line in self.lines if re.match(rf"\S+Z  {re.escape(sign)} ", line)]

    def objects(self):
        """What -o json has told: a report, and then changes as their schema says."""
        told = [json.loads(line) for line in self.lines]
        for change in told[1:]:
            jsonschema.validate(change, _CHANGE_SCHEMA)
        return told


class Relay:
    """Passes connections on to the API server, until it goes away, and when it is back."""

    def __init__(self, test, directory):
        self._port = port_of(Path(test.kubeconfig).read_text())
        self._socket = None
        self._open = set()
        self.port = 0
        self.come()
        self.kubeconfig = Path(directory) / "relay.kubeconfig"
        self.kubeconfig.write_text(Path(test.kubeconfig).read_text().replace(
            f"127.0.0.1:{self._port}", f"127.0.0.1:{self.port}"))
        test.addCleanup(self.go)

    def come(self):
        self._socket = socket.create_server(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def go(self):
        for open_socket in [self._socket, *self._open]:
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()
        self._open.clear()

    def _accept(self, listening):
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open |= {client, server}
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    @staticmethod
    def _pass(source, target):
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class AuditWatch(ClusterTest):
    def setUp(self):
        super().setUp()
        # What tests before this one have made is seen as well.
        self.wait_until_nothing_goes_away()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.config = self.directory / "audit.yaml"
        self.config.write_text(CONFIG)

    def watch(self, *arguments, rules=RULES, **options):
        self.audit_log.mark()
        return Watching(self, "--config", str(self.config), "--select", rules, *arguments, **options)

    def create_node(self, name):
        self.create_nodes(nodes.make_node(name, 1, {}, GPU))

    def label(self, name, value):
        self.api.merge(f"/api/v1/nodes/{name}", {"metadata": {"labels": {LABEL: value}}})

    def add_quota(self, namespace, name="inert"):
        self.api.create(f"/api/v1/namespaces/{namespace}/resourcequotas", {
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name},
            "spec": {"hard": {"limits.nvidia.com/gpu": "4"}}})

    def add_waiting_pod(self, namespace, name):
        self.api.create(f"/api/v1/namespaces/{namespace}/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "main", "image": "registry.example/train:1", "resources": {
                "limits": {"nvidia.com/gpu": "64"}}}]}})

    def assert_ends(self, watching):
        code, errors = watching.stop()
        self.assertEqual((code, errors), (130, ""))

    # --- what it tells

    def test_what_changes_is_told(self):
        self.create_node("watch-node")
        team = self.create_namespace("watch-team")
        watching = self.watch()
        watching.wait_for(r"^Summary|^No findings", "watch-node")
        report = len(watching.lines)

        self.label("watch-node", "true")
        watching.wait_for(r"Z  - warning gpu-node-unlabelled: Node watch-node: ")
        self.label("watch-node", None)
        watching.wait_for(r"Z  \+ warning gpu-node-unlabelled: Node watch-node: ")
        self.add_waiting_pod(team, "too-large")
        watching.wait_for(rf"Z  \+ \w+ gpu-pending: Pod {team}/too-large: ")
        self.add_quota(team)
        watching.wait_for(rf"Z  \+ error quota-gpu-key-inert: ResourceQuota {team}/inert: ")
        self.delete_namespace(team)
        watching.wait_for(rf"Z  - error quota-gpu-key-inert: ResourceQuota {team}/inert: ",
                          rf"Z  - \w+ gpu-pending: Pod {team}/too-large: ",
                          rf"Z  - \w+ psa-missing: Namespace {team}: ", r"Z  = \d+ error")
        self.assert_ends(watching)

        # One line an event, and the state of things at the end.
        for line in watching.lines[report + 1:]:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  [-+=!] ")
        self.assertRegex(watching.lines[-1], r"Z  = \d+ errors?, .*; watched for \d+\w, \d+ new, \d+ gone$")
        self.assertEqual(watching.told("!"), [])

    def test_each_kind_is_listed_once_and_nothing_is_written(self):
        self.create_node("watch-once")
        watching = Watching(self, "-o", "json")
        watching.wait_for('"kind": "AuditReport"')
        self.label("watch-once", "true")
        watching.wait_for('"change":"gone".*gpu-node-unlabelled')
        self.assert_ends(watching)
        self.assertEqual(self.audit_log.writes(), [])
        requests = self.audit_log.requests()
        self.assertEqual({event["verb"] for event in requests} - {"list", "watch", "get"}, set())
        count = {verb: Counter(event["objectRef"]["resource"] for event in requests
                               if event["verb"] == verb and "continue=" not in event["requestURI"]
                               and event["stage"] == "ResponseComplete")
                 for verb in ("list", "watch")}
        self.assertEqual(set(count["list"].values()), {1}, count)
        self.assertIn("pods", count["list"])
        self.assertNotIn("secrets", count["list"])
        for event in requests:
            if event["verb"] == "watch":
                self.assertIn("resourceVersion=", event["requestURI"])

    def test_the_first_report_is_that_of_an_audit(self):
        self.create_node("watch-same")
        self.add_quota(self.create_namespace("watch-same"))

        def ageless(report):
            return re.sub(r"\b(for|since|to) \d+[smhd]\b", r"\1 AGE", json.dumps(report, sort_keys=True))
        watching = Watching(self, "-o", "json")
        watching.wait_for('"kind": "AuditReport"')
        self.assert_ends(watching)
        audit = json.loads(self.run_binary("kubectl-ai-audit", "-o", "json").stdout)
        first, *_, last = watching.objects()
        self.assertEqual(ageless(first["findings"]), ageless(audit["findings"]))
        self.assertEqual(first["coverage"], audit["coverage"])
        self.assertEqual(last["change"], "end")
        self.assertEqual(last["summary"]["error"], audit["summary"]["error"])

    def test_exceptions_and_baselines_hold(self):
        team = self.create_namespace("watch-aside")
        baseline = self.directory / "baseline.yaml"
        self.add_quota(team, "known")
        self.assertEqual(self.run_binary("kubectl-ai-audit", "-n", team, "--select", RULES, "--write-baseline",
                                         str(baseline)).exit, 0)
        watching = self.watch("-n", team, "--baseline", str(baseline))
        watching.wait_for("^BASELINE")
        self.add_quota(team, "excepted")
        watching.wait_for(r"\+ error quota-gpu-key-inert: ResourceQuota \S+/excepted")
        self.api.merge(f"/api/v1/namespaces/{team}/resourcequotas/excepted", {"metadata": {"annotations": {
            "except.kubectl-ai/quota-gpu-key-inert": "2199-12-31 for this test"}}})
        watching.wait_for(r"= 0 errors")
        self.api.delete(f"/api/v1/namespaces/{team}/resourcequotas/known")
        self.add_quota(team, "another")
        watching.wait_for(r"\+ error quota-gpu-key-inert: ResourceQuota \S+/another")
        self.assert_ends(watching)
        self.assertEqual([line for line in watching.lines if "/known" in line and "Z  " in line], [])
        self.assertEqual(watching.told("-"), [])  # what is excepted is still there

    # --- what it cannot see

    def test_a_server_that_goes_away_and_comes_back(self):
        self.create_node("watch-away")
        gone = self.create_namespace("watch-away")
        self.add_quota(gone)
        relay = Relay(self, self.directory)
        watching = self.watch(kubeconfig=relay.kubeconfig)
        watching.wait_for("^Summary", "watch-away", f"{gone}/inert")
        relay.go()
        self.label("watch-away", "true")
        self.api.delete(f"/api/v1/namespaces/{gone}/resourcequotas/inert")
        self.add_quota(gone, "meanwhile")
        watching.wait_for(r"Z  ! the API server does not answer: ")
        self.assertEqual(watching.told("-") + watching.told("+"), [])
        relay.come()
        watching.wait_for(r"Z  ! the API server answers again", r"Z  - .* Node watch-away: ",
                          rf"Z  - .* ResourceQuota {gone}/inert: ",
                          rf"Z  \+ .* ResourceQuota {gone}/meanwhile: ")
        self.assert_ends(watching)
        self.assertEqual(len(watching.told("!")), 2, watching.told("!"))
        self.assertEqual(len(watching.told("-") + watching.told("+")), 3, watching.lines)

    def test_faults_change_nothing_in_the_end(self):
        for seed in (1, 2):
            with self.subTest(seed=seed):
                team = self.create_namespace("watch-faults")
                self.add_quota(team, "first")
                proxy = self.fault_proxy(rate=0.2, seed=seed,
                                         kinds=("429", "503", "reset", "disconnect", "truncate", "410"))
                watching = self.watch("-o", "json", "-n", team, kubeconfig=proxy.kubeconfig)
                watching.wait_for('"kind": "AuditReport"')
                for index in range(5):
                    self.add_quota(team, f"next-{index}")
                    watching.wait_for(f'"change":"new".*next-{index}')
                    if index % 2:
                        self.api.delete(f"/api/v1/namespaces/{team}/resourcequotas/next-{index}")
                        watching.wait_for(f'"change":"gone".*next-{index}')
                self.assert_ends(watching)
                first, *changes = watching.objects()
                known = {finding["fingerprint"] for finding in first["findings"]}
                for change in changes:
                    if change["change"] == "new":
                        self.assertNotIn(change["finding"]["fingerprint"], known)
                        known.add(change["finding"]["fingerprint"])
                    elif change["change"] == "gone":
                        known.remove(change["finding"]["fingerprint"])
                audit = self.run_binary("kubectl-ai-audit", "-o", "json", "-n", team, "--select", RULES,
                                        "--config", str(self.config))
                self.assertEqual(known, {f["fingerprint"] for f in json.loads(audit.stdout)["findings"]})
                self.assertGreater(len(proxy.injected()), 0)

    def test_a_user_who_may_list_but_not_watch(self):
        team = self.create_namespace("watch-lister")
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        names = {"name": "watch-lister"}
        self.api.create(f"{rbac}/clusterroles", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": names, "rules": [
                {"apiGroups": [""], "resources": ["resourcequotas", "namespaces"], "verbs": ["list"]}]})
        self.addCleanup(self.delete, f"{rbac}/clusterroles/watch-lister")
        self.api.create(f"{rbac}/clusterrolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": names,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", **names},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "lister"}]})
        self.addCleanup(self.delete, f"{rbac}/clusterrolebindings/watch-lister")
        watching = self.watch("--as", "lister", rules="quota-gpu-key-inert")
        watching.wait_for(r"Z  ! ResourceQuota can be listed but not watched, and is read again every minute: .*forbidden")
        self.add_quota(team)
        watching.wait_for(rf"Z  \+ error quota-gpu-key-inert: ResourceQuota {team}/inert: ")
        self.assert_ends(watching)
        self.assertEqual(len(watching.told("!")), 1, watching.lines)

    def test_a_user_of_one_namespace(self):
        self.add_quota("team")
        self.addCleanup(self.delete, "/api/v1/namespaces/team/resourcequotas/inert")
        watching = self.watch("-n", "team", rules="quota-gpu-key-inert,gpu-pending,psa-missing",
                              context="team-viewer")
        watching.wait_for("^NOT CHECKED", "^  Node: ", "inert")
        self.delete("/api/v1/namespaces/team/resourcequotas/inert")
        watching.wait_for(r"Z  - error quota-gpu-key-inert: ResourceQuota team/inert: ")
        self.assert_ends(watching)
        self.assertEqual(watching.told("!"), [])  # the report has said it

    def test_a_server_that_was_never_there(self):
        relay = Relay(self, self.directory)
        relay.go()
        run = self.run_binary("kubectl-ai-audit", "--watch", env={"KUBECONFIG": str(relay.kubeconfig)})
        self.assertEqual((run.exit, run.stdout), (3, ""), run.stderr)
        self.assertIn("connection refused", run.stderr)

    def test_a_reader_that_goes_away(self):
        self.create_node("watch-reader")
        command = f"{self.binary('kubectl-ai-audit')} --watch --select {RULES} | head -n 1"
        done = subprocess.Popen(["bash", "-c", command], stdout=subprocess.PIPE, text=True)  # pylint: disable=consider-using-with
        self.addCleanup(done.stdout.close)
        self.addCleanup(done.kill)
        self.assertTrue(done.stdout.readline())
        for value in ("true", None):  # it finds out by writing
            self.label("watch-reader", value)
            with suppress(subprocess.TimeoutExpired):
                done.wait(timeout=10)
        done.wait(timeout=PATIENCE)


if __name__ == "__main__":
    unittest.main()
