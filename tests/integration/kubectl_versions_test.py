"""kubectl ai through upstream's kubectl in several versions, installed as krew installs it:
one link in a directory of the PATH, the siblings beside the real file. Needs no server.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from kaicluster.kubectls import kubectls

SOURCE = Path(__file__).resolve().parents[2]
BIN = Path(os.environ["KAI_BIN_DIR"])
ECHO = '#!/bin/sh\nfor word; do echo "[$word]"; done\n'


class KubectlVersions(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.kubectls = kubectls()

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="kai-kubectl-")
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name).resolve()
        self.store = self.root / "store" / "ai" / "v1"
        self.store.mkdir(parents=True)
        for name in ("kubectl-ai", "kubectl-ai-audit", "kubectl-ai-gpu", "kubectl-ai-policy",
                     "kubectl-ai-quota"):
            shutil.copy(BIN / name, self.store)
        self.links = self.root / "bin"
        self.links.mkdir()
        (self.links / "kubectl-ai").symlink_to("../store/ai/v1/kubectl-ai")

    def write_plugin(self, name, text, directory=None):
        path = (directory or self.store) / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def run_kubectl(self, program, *words):
        return subprocess.run([program, *words], capture_output=True, text=True, timeout=60, check=False,
                              cwd=SOURCE, env={"PATH": f"{self.links}:/usr/bin:/bin", "HOME": str(self.root),
                                               "LANG": "C.UTF-8"})

    def each(self):
        for version, program in self.kubectls.items():
            with self.subTest(version):
                yield program

    def test_words_arrive_as_they_were_written(self):
        self.write_plugin("kubectl-ai-gpu", ECHO)
        words = ["explain", "pod", "a b", "", "$x", "*", "--since=1h", "-n", "lab", "--", "-x"]
        for program in self.each():
            done = self.run_kubectl(program, "ai", "gpu", *words)
            self.assertEqual(done.stdout.splitlines(), [f"[{word}]" for word in words], done.stderr)

    def test_a_sibling_on_path_behaves_the_same(self):
        for program in self.each():
            through_us = self.run_kubectl(program, "ai", "audit", "-f", "tests/demo.d")
            self.assertEqual((through_us.returncode, through_us.stderr), (1, ""))
            self.assertIn("etcd-unknown-flag", through_us.stdout)
            link = self.links / "kubectl-ai-audit"
            link.symlink_to(self.store / "kubectl-ai-audit")
            direct = self.run_kubectl(program, "ai", "audit", "-f", "tests/demo.d")
            link.unlink()
            self.assertEqual((direct.returncode, direct.stdout), (1, through_us.stdout))

    def test_exit_codes_and_signals_come_back(self):
        for program in self.each():
            for code in (0, 1, 3, 4, 124, 130):
                self.write_plugin("kubectl-ai-gpu", f"#!/bin/sh\nexit {code}\n")
                self.assertEqual(self.run_kubectl(program, "ai", "gpu").returncode, code)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
                self.write_plugin("kubectl-ai-gpu", f"#!/bin/sh\nkill -{int(number)} $$\n")
                self.assertEqual(self.run_kubectl(program, "ai", "gpu").returncode, -number)

    def test_without_words_it_lists_what_there_is(self):
        for program in self.each():
            done = self.run_kubectl(program, "ai")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for word in ("audit", "gpu", "doctor", "version", "completion"):
                self.assertRegex(done.stdout, rf"(?m)^ +{word} ")
            self.assertNotIn("not installed", done.stdout)

    def test_an_unknown_word_gets_the_nearest_one(self):
        for program in self.each():
            done = self.run_kubectl(program, "ai", "gup", "status")
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("did you mean gpu?", done.stderr)

    def test_kubectl_lists_it_without_a_warning(self):
        for program in self.each():
            done = self.run_kubectl(program, "plugin", "list")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout.splitlines()[-1], str(self.links / "kubectl-ai"))

    def test_kubectl_completes_it(self):
        for path in (SOURCE / "completions").glob("kubectl_complete-ai*"):
            shutil.copy(path, self.links)
        for program in self.each():
            for words, offered in ((["gp"], "gpu"), (["gpu", "st"], "status"), (["audit", "-o", "j"], "json"),
                                   (["gpu", "setup", "--dry-r"], "--dry-run")):
                done = self.run_kubectl(program, "__complete", "ai", *words)
                lines = [line.split("\t")[0] for line in done.stdout.splitlines()]
                self.assertIn(offered, lines, done.stderr)
                self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
