"""kubectl-ai runs its siblings: which one, with which words, and what comes back."""

import os
import shutil
import signal
import tempfile
import unittest
from pathlib import Path

from support import AI, run, write_script

ECHO = '#!/bin/sh\necho "$0"\nfor word; do echo "[$word]"; done\n'


class Dispatch(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="kai-dispatch-")
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name).resolve()
        self.home = self.root / "store"  # where the real file is
        self.home.mkdir()
        self.ai = self.home / "kubectl-ai"
        try:
            os.link(AI, self.ai)
        except OSError:
            shutil.copy(AI, self.ai)
        self.elsewhere = self.root / "path"
        self.elsewhere.mkdir()

    def run_ai(self, *words, program=None):
        return run(*words, program=program or self.ai,
                   env={"PATH": f":relative:{self.elsewhere}:/usr/bin:/bin"})

    def test_runs_the_sibling_with_all_other_words(self):
        plugin = write_script(self.home / "kubectl-ai-gpu", ECHO)
        for words, passed in (
                (["gpu"], []),
                (["gpu", "setup", "--yes", "--", "-x"], ["setup", "--yes", "--", "-x"]),
                (["-n", "gpu", "gpu", "status"], ["-n", "gpu", "status"]),
                (["--context=c", "-A", "gpu", "gpu"], ["--context=c", "-A", "gpu"]),
                (["help", "gpu", "setup"], ["help", "setup"]),
                (["gpu", "--help"], ["--help"]),
                (["gpu", "a b", "$x", ""], ["a b", "$x", ""]),
                (["__complete", "gpu", "se"], ["__complete", "se"]),
                (["__complete", "-n", "lab", "gpu", "status", ""],
                 ["__complete", "-n", "lab", "status", ""])):
            done = self.run_ai(*words)
            self.assertEqual(done.stderr, "", words)
            self.assertEqual(done.stdout.splitlines(),
                             [str(plugin)] + [f"[{word}]" for word in passed], words)

    def test_finds_siblings_through_symbolic_links(self):
        plugin = write_script(self.home / "kubectl-ai-gpu", ECHO)
        write_script(self.elsewhere / "kubectl-ai-gpu", "#!/bin/sh\necho wrong\n")
        (self.root / "one").symlink_to(self.ai)
        (self.elsewhere / "kubectl-ai").symlink_to("../one")
        done = self.run_ai("gpu", program=self.elsewhere / "kubectl-ai")
        self.assertEqual(done.stdout, f"{plugin}\n")

    def test_searches_path_last(self):
        plugin = write_script(self.elsewhere / "kubectl-ai-gpu", ECHO)
        self.assertEqual(self.run_ai("gpu").stdout, f"{plugin}\n")

    def test_runs_plugins_of_others(self):
        write_script(self.elsewhere / "kubectl-ai-my_own", ECHO)
        self.assertEqual(self.run_ai("my-own", "x").stdout,
                         f"{self.elsewhere}/kubectl-ai-my_own\n[x]\n")

    def test_passes_on_exit_codes_and_signals(self):
        write_script(self.home / "kubectl-ai-gpu", "#!/bin/sh\nexit 7\n")
        self.assertEqual(self.run_ai("gpu").returncode, 7)
        write_script(self.home / "kubectl-ai-gpu", "#!/bin/sh\nkill -TERM $$\n")
        self.assertEqual(self.run_ai("gpu").returncode, -signal.SIGTERM)

    def test_own_commands_come_first(self):
        write_script(self.elsewhere / "kubectl-ai-version", "#!/bin/sh\necho wrong\n")
        self.assertTrue(self.run_ai("version", "--client").stdout.startswith("Client Version: v"))

    def test_says_what_is_not_installed(self):
        done = self.run_ai("gpu", "status")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr, "error: kubectl-ai-gpu is not installed\n  hint: it belongs "
                         f"in {self.home} or another directory of your PATH\n")
        self.assertIn("(not installed)", self.run_ai().stdout)
        for name in ("audit", "gpu", "policy", "quota"):
            write_script(self.home / f"kubectl-ai-{name}", ECHO)
        self.assertNotIn("(not installed)", self.run_ai().stdout)

    def test_takes_only_programs(self):
        (self.home / "kubectl-ai-gpu").mkdir()
        (self.elsewhere / "kubectl-ai-gpu").write_text("not executable")
        self.assertEqual(self.run_ai("gpu").returncode, 3)
        # Itself under another name would call itself for ever.
        (self.home / "kubectl-ai-gpu").rmdir()
        (self.home / "kubectl-ai-gpu").symlink_to("kubectl-ai")
        self.assertIn("is not installed", self.run_ai("gpu").stderr)

    def test_says_why_a_program_does_not_start(self):
        write_script(self.home / "kubectl-ai-gpu", "#!/nonexistent/interpreter\n")
        done = self.run_ai("gpu")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr, f"error: cannot run {self.home}/kubectl-ai-gpu: "
                         "No such file or directory\n")

    def test_suggests_for_unknown_words(self):
        done = self.run_ai("-n", "x", "gup", "status")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "error: unknown command \"gup\" for 'kubectl ai'\n"
                         "  hint: did you mean gpu? see 'kubectl ai --help'\n")
        for word in ("../gpu", "gpu/x", "/bin/sh"):
            self.assertEqual(self.run_ai(word).returncode, 2)


if __name__ == "__main__":
    unittest.main()
