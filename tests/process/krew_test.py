"""The krew package: its manifest fits its archive, and what krew would install works."""

import fnmatch
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

from support import AI, PATIENCE, SOURCE, run, write_script


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="kai-krew-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.root = Path(cls.directory.name)
        # The dispatcher, and a small program in place of each plugin.
        programs = cls.root / "bin"
        programs.mkdir()
        cls.binaries = run("completion", "bash").stdout.splitlines()[-1].split()[3:]
        for name in cls.binaries:
            write_script(programs / name, f'#!/bin/sh\necho "{name} 1.2.3 $*"\n')
        (programs / "kubectl-ai").unlink()
        (programs / "kubectl-ai").symlink_to(AI)
        cls.archive, cls.manifest = cls.package(programs, "dist")

    @classmethod
    def package(cls, programs, out):
        done = subprocess.run([sys.executable, SOURCE / "krew" / "package", "--bin", programs, "--out",
                               cls.root / out, "--url", "https://example.org/v1/"],
                              capture_output=True, text=True, timeout=PATIENCE, check=True)
        archive, manifest = map(Path, done.stdout.split())
        return archive, manifest.read_text()

    def value(self, key):
        return re.search(rf'^ *{key}: "?([^"\n]*)"?$', self.manifest, re.MULTILINE).group(1)

    def files(self):
        return re.findall(r"^ *- \{from: (\S+), to: (\S+)\}$", self.manifest, re.MULTILINE)

    def test_names_its_archive(self):
        self.assertEqual(self.value("sha256"), hashlib.sha256(self.archive.read_bytes()).hexdigest())
        self.assertEqual(self.value("uri"), f"https://example.org/v1/{self.archive.name}")
        self.assertEqual(self.value("version"), "v" + run("--version").stdout.split()[1])
        self.assertNotIn("{version}", self.manifest)
        # krew's limits: https://krew.sigs.k8s.io/docs/developer-guide/develop/best-practices/
        self.assertLessEqual(len(self.value("shortDescription")), 50)

    def test_has_every_plugin_and_nothing_that_is_missing(self):
        with tarfile.open(self.archive) as archive:
            names = archive.getnames()
        patterns = [source for source, _ in self.files()]
        for name in names:
            self.assertTrue(any(fnmatch.fnmatch(name, pattern) for pattern in patterns), name)
        for pattern in patterns:
            self.assertTrue(fnmatch.filter(names, pattern), pattern)
        self.assertEqual({name for name in names if name.startswith("kubectl-ai")},
                         set(self.binaries))

    def test_is_the_same_each_time(self):
        programs = self.root / "small"
        programs.mkdir()
        write_script(programs / "kubectl-ai", "#!/bin/sh\necho kubectl-ai 1.2.3\n")
        one, _ = self.package(programs, "one")
        os.utime(programs / "kubectl-ai", (0, 0))
        other, _ = self.package(programs, "other")
        self.assertEqual(one.name, "kubectl-ai_v1.2.3_linux_amd64.tar.gz")
        self.assertEqual(one.read_bytes(), other.read_bytes())

    def test_works_as_krew_installs_it(self):
        # krew unpacks into its store and makes one relative link to `bin`.
        store = self.root / "krew" / "store" / "ai" / self.value("version")
        links = self.root / "krew" / "bin"
        links.mkdir(parents=True)
        with tarfile.open(self.archive) as archive:
            archive.extractall(store)
        link = links / "kubectl-ai"
        link.symlink_to(f"../store/ai/{self.value('version')}/{self.value('bin')}")
        for name in self.binaries:
            words = name.split("-")[2:] + ["--version"]
            done = run(*words, program=link, env={"PATH": f"{links}:/usr/bin:/bin"})
            self.assertEqual(done.stdout.split()[0], name, done.stderr)
            self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
