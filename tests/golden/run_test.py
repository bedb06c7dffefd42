"""The golden runner itself: that it runs cases as documented, and that it can fail."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

_RUNNER = Path(__file__).with_name("run")
# Prints its arguments, its input file, its environment's KUBECONFIG; exits with 3.
_BINARY = """#!/bin/sh
printf '<%s>' "$@"; echo
cat note 2>/dev/null
cat
echo "config=${KUBECONFIG-none} extra=${EXTRA-none}" >&2
exit 3
"""


class Golden(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        (self.root / "bin").mkdir()
        binary = self.root / "bin" / "kubectl-ai-gpu"
        binary.write_text(_BINARY)
        binary.chmod(0o755)
        self.case = self.root / "cases" / "gpu" / "one"
        (self.case / "input").mkdir(parents=True)
        self.write("args", "# a comment\nstatus 'two words'\n--flag\n")
        self.write("input/note", "note\n")
        self.write("stdin", "typed\n")
        self.write("env", "EXTRA=yes\n")
        self.write("stdout", "<status><two words><--flag>\nnote\ntyped\n")
        self.write("stderr", "config=none extra=yes\n")
        self.write("exit", "3\n")

    def write(self, name, text):
        (self.case / name).write_text(text)

    def run_golden(self, *arguments):
        return subprocess.run(
            [sys.executable, _RUNNER, "--bin", self.root / "bin", "--root", self.root / "cases",
             *arguments], capture_output=True, text=True, check=False,
            env=dict(os.environ, KUBECONFIG="/must/not/be/seen"))

    def test_a_case_that_holds(self):
        done = self.run_golden()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("1 cases, 0 failed", done.stdout)

    def test_each_difference_fails(self):
        for name, text in (("stdout", "<status>\n"), ("stderr", ""), ("exit", "0\n")):
            with self.subTest(name):
                good = (self.case / name).read_text()
                self.write(name, text)
                done = self.run_golden()
                self.write(name, good)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"{name} (expected)", done.stdout)

    def test_a_missing_newline_is_a_difference(self):
        self.write("stderr", "config=none extra=yes")
        self.assertEqual(self.run_golden().returncode, 1)

    def test_incomplete_cases_fail(self):
        for name in ("stdout", "exit", "args"):
            with self.subTest(name):
                good = (self.case / name).read_text()
                (self.case / name).unlink()
                done = self.run_golden()
                self.write(name, good)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"has no file '{name}'", done.stdout)

    def test_output_on_stderr_needs_a_file(self):
        (self.case / "stderr").unlink()
        self.assertEqual(self.run_golden().returncode, 1)

    def test_a_missing_binary_fails(self):
        (self.root / "bin" / "kubectl-ai-gpu").unlink()
        self.assertEqual(self.run_golden().returncode, 1)

    def test_no_case_fails(self):
        self.assertNotEqual(self.run_golden("--only", "nothing-like-it").returncode, 0)

    def test_update_stores_what_came_out(self):
        for name in ("stdout", "stderr", "exit"):
            (self.case / name).unlink()
        self.assertEqual(self.run_golden("--update").returncode, 0)
        self.assertEqual((self.case / "exit").read_text(), "3\n")
        self.assertEqual(self.run_golden().returncode, 0)


if __name__ == "__main__":
    unittest.main()
