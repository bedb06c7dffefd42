"""What a user sees when the input or the way to the cluster is wrong: one clear
message, the right exit code, and a cluster that is as it was.
"""

import copy
import json
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from kaicluster import nodes
from kaicluster.pki import Authority
from kaicluster.testing import ClusterTest

# Every plugin meets the cluster in the same way; these two show it.
COMMANDS = (("kubectl-ai-gpu", "status"), ("kubectl-ai-audit",))
GPU_NODE = nodes.make_node("node-with-gpus", 1, resources={"nvidia.com/gpu": 8})


class BadInput(ClusterTest):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.config = json.loads(
            self.kubectl("config", "view", "--raw", "--minify", "-o", "json").stdout)

    def write_config(self, change):
        """A copy of the administrator's kubeconfig, changed, as a file."""
        config = copy.deepcopy(self.config)
        change(config)
        path = self.directory / "config"
        path.write_text(json.dumps(config))
        return str(path)

    def assert_fails(self, run, exit_code, *parts):
        """One error message, on stderr, that has all the parts."""
        self.assertEqual(run.exit, exit_code, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertEqual(run.stderr.count("error:"), 1, run.stderr)
        for part in parts:
            self.assertIn(part, run.stderr)
        self.assertEqual(self.audit_log.writes(), [])

    def each_command(self, exit_code, *parts, flags=(), env=None):
        for name, *arguments in COMMANDS:
            with self.subTest(name):
                self.assert_fails(self.run_binary(name, *arguments, *flags, env=env),
                                  exit_code, *parts)

    def with_config(self, exit_code, *parts, change):
        self.each_command(exit_code, *parts, flags=("--kubeconfig", self.write_config(change)))

    # --- finding the cluster

    def test_missing_kubeconfig(self):
        missing = str(self.directory / "nowhere" / "config")
        self.each_command(3, missing, flags=("--kubeconfig", missing))

    def test_no_kubeconfig_at_all(self):
        self.each_command(3, "kubeconfig", "hint:", env={"KUBECONFIG": "", "HOME": str(self.directory)})

    def test_malformed_kubeconfig_names_the_place(self):
        path = self.directory / "config"
        path.write_text("apiVersion: v1\nkind: Config\nclusters: [\n  {name: a\n")
        self.each_command(3, f"{path}:", flags=("--kubeconfig", str(path)))

    def test_unknown_context_suggests_the_nearest(self):
        self.each_command(3, '"admln"', "admin", flags=("--context", "admln"))

    # --- reaching it

    def test_refused_connection_names_the_server(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            server = f"https://127.0.0.1:{free.getsockname()[1]}"
        self.each_command(3, server.removeprefix("https://"), "refused", flags=("--server", server))

    def test_untrusted_authority(self):
        other = Authority(self.directory / "pki").create()

        def change(config):
            config["clusters"][0]["cluster"].pop("certificate-authority-data", None)
            config["clusters"][0]["cluster"]["certificate-authority"] = str(other.cert)
        self.with_config(3, "certificate", "hint:", change=change)

    def test_expired_client_certificate_says_when_it_expired(self):
        authority = Authority(self.state_dir / "pki")
        ended = datetime.now(timezone.utc) - timedelta(days=2)
        authority.issue(self.directory / "old", "someone", not_before=ended - timedelta(days=1),
                        not_after=ended)

        def change(config):
            config["users"][0]["user"] = {"client-certificate": str(self.directory / "old.crt"),
                                          "client-key": str(self.directory / "old.key")}
        self.with_config(3, "expired", ended.strftime("%Y-%m-%d"), change=change)

    def test_wrong_token_is_unauthorized_and_not_shown(self):
        def change(config):
            config["users"][0]["user"] = {"token": "not-the-token"}
        path = self.write_config(change)
        for name, *arguments in COMMANDS:
            run = self.run_binary(name, *arguments, "--kubeconfig", path, "-v", "8")
            self.assertEqual(run.exit, 3, run.stderr)
            self.assertIn("nauthorized", run.stderr)
            self.assertNotIn("not-the-token", run.stdout + run.stderr)

    def test_forbidden_names_verb_and_resource(self):
        run = self.run_binary("kubectl-ai-gpu", "status", context="outsider")
        self.assert_fails(run, 3, "list", "nodes")

    def test_interrupt_ends_a_wait_on_a_silent_server(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            reached = threading.Event()

            def accept():
                connection, _ = silent.accept()
                reached.set()
                while connection.recv(4096):
                    pass
                connection.close()
            threading.Thread(target=accept, daemon=True).start()
            server = f"http://127.0.0.1:{silent.getsockname()[1]}"
            command = [self.binary("kubectl-ai-gpu"), "status", "--server", server]
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True) as process:
                self.assertTrue(reached.wait(60))
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130)

    # --- what is asked for

    def test_unknown_node_suggests_the_nearest_and_writes_nothing(self):
        self.create_nodes(GPU_NODE)
        run = self.run_binary("kubectl-ai-gpu", "setup", "--yes", "node-with-gpus", "node-with-gpu")
        self.assert_fails(run, 3, '"node-with-gpu"', "node-with-gpus")

    def test_every_rejected_label_and_taint_in_one_message(self):
        self.create_nodes(GPU_NODE)
        run = self.run_binary("kubectl-ai-gpu", "setup", "--yes", "node-with-gpus",
                              "--label", "bad key=x", "--label", "good=bad value",
                              "--taint", "nvidia.com/gpu=true:Never")
        self.assert_fails(run, 2, "bad key", "bad value", "Never")

    # --- files

    def test_files_that_are_broken_or_no_objects(self):
        (self.directory / "broken.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a\n")
        (self.directory / "other.yaml").write_text("colour: red\n")
        run = self.run_binary("kubectl-ai-audit", "-f", str(self.directory), "-o", "json")
        self.assertEqual(run.exit, 4, run.stderr)
        broken, = json.loads(run.stdout)["coverage"]["notChecked"]
        self.assertEqual(Path(broken["location"]["file"]).name, "broken.yaml")
        self.assertEqual(broken["location"]["line"], 4)
        self.assertIn("flow mapping", broken["reason"])
        self.assertIn("other.yaml:1:1", run.stderr)


if __name__ == "__main__":
    unittest.main()
