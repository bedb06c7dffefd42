"""What the audit does with input that is larger than it can be, and with a server that breaks
off: no more memory than there has to be, and in the end the same findings.
"""

import json
import os
import socket
import struct
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import support

AUDIT = support.BIN / "kubectl-ai-audit"
# Sanitizers have a share in it, and hold back what was freed.
_MOST_MEMORY = 512 << 20

QUOTA = """\
apiVersion: v1
kind: ResourceQuota
metadata: {name: gpus, namespace: ml}
spec:
  hard: {limits.nvidia.com/gpu: "8"}
"""


class Files(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        (self.directory / "quota.yaml").write_text(QUOTA)

    def reasons(self):
        """Why which file was not checked; the quota beside it was, in little memory."""
        process = subprocess.Popen([AUDIT, "-f", ".", "-o", "json"], cwd=self.directory,
                                   env=support.environment(), stdout=subprocess.PIPE)
        output = process.stdout.read()
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 4)
        self.assertLess(usage.ru_maxrss << 10, _MOST_MEMORY)
        report = json.loads(output)
        self.assertEqual([finding["rule"] for finding in report["findings"]], ["quota-gpu-key-inert"])
        return {gap["location"]["file"]: gap["reason"] for gap in report["coverage"]["notChecked"]}

    def test_a_gigantic_file_is_not_read(self):
        with open(self.directory / "image.yaml", "wb") as file:
            file.truncate(1 << 40)  # takes no room on the disk
        self.assertEqual(self.reasons(), {"image.yaml": "the file is larger than 1073741824 bytes"})

    def test_a_million_levels(self):
        for name, start in (("a.yaml", "apiVersion: v1\nkind: Pod\nspec: "),
                            ("a.json", '{"apiVersion": "v1", "kind": "Pod", "spec": '),
                            ("list.json", '{"kind": "PodList", "items": [')):
            (self.directory / name).write_text(start + "[" * 1_000_000)
        (self.directory / "b.yaml").write_text("spec: " + "{a: " * 1_000_000)
        (self.directory / "c.yaml").write_text("spec:\n  " + "- " * 1_000_000 + "x\n")
        reasons = self.reasons()
        self.assertEqual(len(reasons), 5)
        for name, reason in reasons.items():
            self.assertIn("nested deeper than 512 levels", reason, name)

    def test_aliases_of_aliases(self):
        lines = ["data:", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for level in range(1, 40):
            lines.append(f"  a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
        (self.directory / "laughs.yaml").write_text("\n".join(lines))
        # So many nodes that aliases are not the greater part.
        lines[1:1] = [f"  b{number}: x" for number in range(20_000)]
        (self.directory / "more.yaml").write_text("\n".join(lines))
        reasons = self.reasons()
        self.assertEqual(len(reasons), 2)
        for name, reason in reasons.items():
            self.assertIn("alias", reason, name)


ROLES = 1100


class Server(BaseHTTPRequestHandler):
    """Serves roles without bindings in pages, each request on a connection of its own."""

    connections = dropped = expired = 0
    drop_every = 0  # every so-manieth connection
    expire = False  # the second page, once
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        self.close_connection = True
        with Server.lock:
            Server.connections += 1
            drop = Server.drop_every and Server.connections % Server.drop_every == 0
            Server.dropped += bool(drop)
        if drop:  # with a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        super().handle_one_request()
        self.close_connection = True

    def answer(self, body, status=200):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        url = urlsplit(self.path)
        kind = url.path.rsplit("/", 1)[-1]
        if url.path == "/version":
            self.answer({"major": "1", "minor": "33", "gitVersion": "v1.33.0"})
        elif kind == "roles":
            self.page({key: value[0] for key, value in parse_qs(url.query).items()})
        elif kind in ("rolebindings", "namespaces"):
            self.answer({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": []})
        else:
            self.answer({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}, 404)

    def page(self, query):
        token = query.get("continue", "")
        if token and not token.startswith("fresh-") and Server.expire:
            Server.expired += 1
            Server.expire = False
            self.answer({"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410,
                         "message": "too old", "metadata": {"continue": f"fresh-{token}"}}, 410)
            return
        start = int(token.removeprefix("fresh-") or "0")
        end = min(start + int(query.get("limit", ROLES)), ROLES)
        items = [{"metadata": {"name": f"role-{number:04}", "namespace": "many", "uid": str(number)},
                  "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
                 for number in range(start, end)]
        self.answer({"kind": "RoleList", "apiVersion": "rbac.authorization.k8s.io/v1", "items": items,
                     "metadata": {"resourceVersion": "9", "continue": str(end) if end < ROLES else ""}})


class Disturbed(unittest.TestCase):
    def setUp(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        Server.connections = Server.dropped = Server.expired = Server.drop_every = 0
        Server.expire = False

    def roles(self):
        """Names of the roles that nobody binds."""
        run = support.run("--server", f"http://127.0.0.1:{self.server.server_port}", "-n", "many", "--select",
                          "rbac-unbound-role", "-o", "json", "--kubeconfig", "/dev/null", program=AUDIT)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return [finding["object"]["name"] for finding in json.loads(run.stdout)["findings"]]

    def test_nothing_happens(self):
        self.assertEqual(self.roles(), [f"role-{number:04}" for number in range(ROLES)])

    def test_every_fifth_connection_is_dropped(self):
        Server.drop_every = 5
        for _ in range(3):
            self.assertEqual(self.roles(), [f"role-{number:04}" for number in range(ROLES)])
        self.assertGreaterEqual(Server.dropped, 2)

    def test_a_token_expires_in_the_middle_of_a_list(self):
        Server.expire = True
        self.assertEqual(self.roles(), [f"role-{number:04}" for number in range(ROLES)])
        self.assertEqual(Server.expired, 1)


if __name__ == "__main__":
    unittest.main()
