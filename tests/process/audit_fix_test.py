"""kubectl ai audit fix on files: what is rewritten, and that the rest stays as it was."""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import BIN, PATIENCE, SOURCE, environment, run

AUDIT = BIN / "kubectl-ai-audit"
RULES = "quota-gpu-key-inert,netpol-dns-tcp-missing,rbac-cluster-admin"
QUOTA = """# Agreed in March.
apiVersion: v1
kind: ResourceQuota
metadata: {name: gpus, namespace: ml}
spec:
  hard:
    limits.nvidia.com/gpu: "4"   # two nodes
"""
FIXED = QUOTA.replace("limits.nvidia", "requests.nvidia")
OTHER = """
apiVersion:    v1
kind: ConfigMap   # left alone, spaces and all
metadata: {name:  fine}
data: {'a': "b",}
"""


class Files(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def write(self, name, text):
        path = self.directory / name
        path.write_bytes(text.encode())
        return path

    def fix(self, *arguments, exit=0, **options):
        done = run("fix", "--select", RULES, *arguments, program=AUDIT, cwd=self.directory, **options)
        self.assertEqual(done.returncode, exit, done.stdout + done.stderr)
        return done

    def test_rewrites_the_lines_concerned_and_no_other_byte(self):
        mixed = self.write("mixed.yaml", f"---{OTHER}---\n{QUOTA}---{OTHER}")
        windows = self.write("windows.yaml", QUOTA.replace("\n", "\r\n").rstrip())
        fine = self.write("fine.yaml", OTHER)
        before = fine.stat()
        done = self.fix("-f", ".")
        self.assertIn("rewrote mixed.yaml: 1 patch for 1 file\n", done.stdout)
        self.assertEqual(mixed.read_bytes().decode(), f"---{OTHER}---\n{FIXED}---{OTHER}")
        self.assertEqual(windows.read_bytes().decode(), FIXED.replace("\n", "\r\n").rstrip())
        self.assertEqual((fine.stat().st_mtime_ns, fine.stat().st_ino), (before.st_mtime_ns, before.st_ino))
        again = self.fix("-f", ".")
        self.assertEqual((again.stdout, again.stderr), ("", "Nothing to fix: no file was changed\n"))

    def test_the_plan_is_a_patch(self):
        quota = self.write("quota.yaml", QUOTA)
        windows = self.write("windows.yaml", QUOTA.replace("\n", "\r\n").rstrip())
        plan = subprocess.run([AUDIT, "fix", "--plan", "--select", RULES, "-f", "."], cwd=self.directory,
                              env=environment(), capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(plan.returncode, 1)
        self.assertEqual(quota.read_text(), QUOTA)
        subprocess.run(["git", "apply", "-"], input=plan.stdout, cwd=self.directory, check=True,
                       env=environment(GIT_CEILING_DIRECTORIES=str(self.directory.parent)))
        self.assertEqual(quota.read_text(), FIXED)
        self.assertEqual(windows.read_bytes().decode(), FIXED.replace("\n", "\r\n").rstrip())

    def test_permissions_and_links_stay(self):
        quota = self.write("quota.yaml", QUOTA)
        quota.chmod(0o640)
        link = self.directory / "link.yaml"
        link.symlink_to("quota.yaml")
        self.fix("-f", "link.yaml", "-f", "quota.yaml")
        self.assertTrue(link.is_symlink())
        self.assertEqual(quota.stat().st_mode & 0o777, 0o640)
        self.assertEqual(quota.read_text(), FIXED)

    def test_dry_run_writes_nothing_and_is_no_failure(self):
        quota = self.write("quota.yaml", QUOTA)
        self.assertIn("+    requests.nvidia.com/gpu", self.fix("--dry-run=client", "-f", "quota.yaml").stdout)
        self.assertEqual(quota.read_text(), QUOTA)

    def test_a_file_that_cannot_be_written_is_named(self):
        self.write("a.yaml", QUOTA)
        self.write("b.yaml", QUOTA)
        (self.directory / "b.yaml.new").mkdir()  # where its new text would be made
        done = self.fix("-f", ".", exit=3)
        self.assertIn("b.yaml: ", done.stderr)
        self.assertIn("1 of 2 files were rewritten", done.stderr)

    def test_a_filter_passes_everything_on(self):
        text = f"---{OTHER}---\n{QUOTA}"
        self.assertEqual(self.fix("-f", "-", input=text).stdout, f"---{OTHER}---\n{FIXED}")
        self.assertEqual(self.fix("-f", "-", input=OTHER).stdout, OTHER)


class Patches(unittest.TestCase):
    """The patch of every finding in the golden cases settles it."""

    def findings(self, directory, *arguments):
        done = run("-f", ".", "-o", "json", *arguments, program=AUDIT, cwd=directory)
        return json.loads(done.stdout)["findings"] if done.stdout else []

    def test_what_was_patched_is_found_no_more(self):
        settled = set()
        for case in sorted((SOURCE / "tests/golden/audit").glob("*-finds-*/input")):
            rules = {finding["rule"] for finding in self.findings(case) if "patch" in finding}
            for rule in sorted(rules):
                with self.subTest(case.parent.name, rule=rule), tempfile.TemporaryDirectory() as directory:
                    copy = shutil.copytree(case, Path(directory) / "input")
                    done = run("fix", "--yes", "-f", ".", "--select", rule, program=AUDIT, cwd=copy)
                    left = [finding["message"] for finding in self.findings(copy, "--select", rule)
                            if "patch" in finding]
                    self.assertEqual(left, [], done.stdout + done.stderr)
                    settled.add(rule)
        self.assertGreater(len(settled), 15)


if __name__ == "__main__":
    unittest.main()
