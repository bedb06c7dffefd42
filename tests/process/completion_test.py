"""Completion scripts: the checked-in ones are the generated ones, and bash can use them."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from support import AI, BIN, PATIENCE, SOURCE, environment, run, write_script

FILES = {"bash": "kubectl-ai.bash", "zsh": "_kubectl-ai", "fish": "kubectl-ai.fish",
         "kubectl": "kubectl_complete-ai"}


class Scripts(unittest.TestCase):
    def test_the_checked_in_files_are_the_generated_ones(self):
        for shell, name in FILES.items():
            with self.subTest(shell):
                self.assertEqual((SOURCE / "completions" / name).read_text(),
                                 run("completion", shell).stdout,
                                 f"run: kubectl-ai completion {shell} > completions/{name}")

    def test_every_plugin_is_completed_through_kubectl(self):
        links = {path.name for path in (SOURCE / "completions").glob("kubectl_complete-ai*")}
        binaries = run("completion", "bash").stdout.splitlines()[-1].split()[3:]
        self.assertIn("kubectl-ai-gpu", binaries)
        self.assertEqual(links, {name.replace("kubectl-", "kubectl_complete-") for name in binaries})


class ThroughKubectl(unittest.TestCase):
    def test_the_program_asks_the_plugin_of_its_name(self):
        with tempfile.TemporaryDirectory() as directory:
            write_script(Path(directory) / "kubectl-ai-gpu", '#!/bin/sh\necho "gpu: $*"\n')
            done = run("status", "", program=SOURCE / "completions" / "kubectl_complete-ai-gpu",
                       env={"PATH": f"{directory}:/usr/bin:/bin"})
            self.assertEqual(done.stdout, "gpu: __complete status \n")
        done = run("vers", program=SOURCE / "completions" / "kubectl_complete-ai",
                   env={"PATH": f"{BIN}:/usr/bin:/bin"})
        self.assertEqual(done.stdout.splitlines()[-1], ":4")
        self.assertTrue(done.stdout.startswith("version\t"), done.stdout)


class Bash(unittest.TestCase):
    def complete(self, line, breaks=None):
        """What bash would put into COMPREPLY for that line."""
        script = f"""
            {'' if breaks is None else f"COMP_WORDBREAKS='{breaks}'"}
            source {SOURCE}/completions/kubectl-ai.bash
            compopt() {{ echo "compopt $*"; }}
            COMP_LINE=$1 COMP_POINT=${{#1}}
            _kubectl_ai
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(["bash", "--norc", "-c", script, "bash", line], text=True,
                              capture_output=True, timeout=PATIENCE, check=True,
                              env=environment(PATH=f"{BIN}:/usr/bin:/bin"))
        self.assertEqual(done.stderr, "")
        return done.stdout.split("\n")[:-1]

    def test_completes_words_flags_and_values(self):
        self.assertEqual(self.complete("kubectl-ai vers"), ["version"])
        self.assertEqual(self.complete(f"{AI} vers"), ["version"])
        self.assertIn("completion", self.complete("kubectl-ai "))
        self.assertEqual(self.complete("kubectl-ai version --outp"), ["--output"])
        self.assertEqual(self.complete("kubectl-ai version -o "), ["table", "json", "yaml"])
        self.assertEqual(self.complete("kubectl-ai version --output=j"), ["json"])
        self.assertEqual(self.complete("kubectl-ai version --output=j", breaks=" \t\n"),
                         ["--output=json"])
        self.assertEqual(self.complete("kubectl-ai --kubeconfig "), ["compopt -o default", ""])
        self.assertEqual(self.complete("kubectl-ai --cache-dir "), ["compopt -o dirnames", ""])
        self.assertEqual(self.complete("kubectl-ai frob"), [""])


if __name__ == "__main__":
    unittest.main()
