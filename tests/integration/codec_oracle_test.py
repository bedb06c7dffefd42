"""The YAML codec against kubectl: what one reads the other reads, and to the same JSON.

kubectl patches each object with nothing and prints it as JSON (patch --local). Needs no
server. Run by hand with KAI_ORACLE_FILES=20000 to look further than ctest does.
"""

import os
import random
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "oracle"))

import readers  # noqa: E402: after the path is set
from documents import Maker  # noqa: E402

KUBECTL = os.environ["KAI_KUBECTL"]
CODEC = os.environ["KAI_YAML_TO_JSON"]
FILES = int(os.environ.get("KAI_ORACLE_FILES", "2400"))
HEAD = "apiVersion: v1\nkind: Thing\nmetadata: {name: d}\n"


class Scratch(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="kai-oracle-")
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name).resolve()

    def directory(self, files):
        """A new directory with {stem: text} in it."""
        directory = self.root / f"files{len(list(self.root.iterdir()))}"
        directory.mkdir()
        for stem, text in files.items():
            (directory / f"{stem}.yaml").write_bytes(text.encode())
        return directory

    def kubectl(self, directory):
        return readers.kubectl(KUBECTL, directory, self.root)

    def both(self, text):
        """What kubectl and the codec make of one file."""
        directory = self.directory({"d": text})
        return tuple(next(iter(read.values()))
                     for read in (self.kubectl(directory), readers.codec(CODEC, directory)))


class Generated(Scratch):
    def test_both_read_the_same(self):
        directory = self.directory({f"d{seed}": Maker(seed).file()[0] for seed in range(FILES)})
        theirs = self.kubectl(directory)
        ours = readers.codec(CODEC, directory)
        differences, objects, refused, dropped, no_objects = [], 0, 0, 0, 0
        for path, kubectl in theirs.items():
            codec = ours[path]
            if readers.is_no_object(kubectl.error):
                no_objects += 1
                continue
            if not kubectl.error and readers.is_text_behind_the_end(codec.error):
                # A difference that is meant, see Meant below. What stands before it counts.
                dropped += 1
                self.assertEqual(kubectl.objects[:len(codec.objects)], codec.objects, path.name)
                continue
            objects += len(kubectl.objects)
            refused += bool(kubectl.error)
            if bool(kubectl.error) != bool(codec.error) or kubectl.objects != codec.objects:
                differences.append(f"{path.name}: {path.read_bytes()!r}\n  kubectl {kubectl}\n  codec {codec}")
        print(f"{len(theirs)} files: {objects} objects read by both, {refused} files refused by both, "
              f"{no_objects} without a Kubernetes object, {dropped} with text behind the end of a document; "
              f"{len(differences)} differences")
        self.assertEqual(differences[:3], [])
        # The generator is worth something only while most of what it makes can be read.
        self.assertGreater(objects, 2000)
        self.assertGreater(refused, 100)
        self.assertLess(no_objects + dropped, FILES / 20)

    def test_reading_many_files_is_reading_each(self):
        seeds = random.Random(0).sample(range(FILES), 20)
        texts = {f"d{seed}": Maker(seed).file()[0] for seed in seeds}
        together = self.kubectl(self.directory(texts))
        for path, reading in together.items():
            alone = self.kubectl(self.directory({path.stem: texts[path.stem]}))
            alone = next(iter(alone.values()))
            self.assertEqual((alone.objects, bool(alone.error)), (reading.objects, bool(reading.error)))

    def test_kubectl_reads_what_the_codec_writes(self):
        directory = self.directory({f"d{seed}": Maker(seed).file()[0] for seed in range(FILES)})
        readings, texts = readers.codec(CODEC, directory, "--to-yaml")
        good = {path: reading for path, reading in readings.items() if not reading.error and all(
            isinstance(one, dict) and "kind" in one and "apiVersion" in one for one in reading.objects)}
        again = self.kubectl(self.directory({
            path.stem: "---\n".join(text for text in texts[path] if text != "null\n") for path in good}))
        again = {path.name: reading for path, reading in again.items()}
        count = 0
        for path, reading in good.items():
            if readers.is_no_object(again[path.name].error):
                continue
            self.assertEqual(again[path.name], reading, texts[path])
            count += len(reading.objects)
        print(f"{count} objects written and read again")
        self.assertGreater(count, 2000)


class Meant(Scratch):
    """Where we differ from kubectl on purpose (shared/ARCHITECTURE.md). A difference that
    kubectl loses one day makes this test fail."""

    def refused(self, text, message, kubectl_value):
        kubectl, codec = self.both(HEAD + text)
        self.assertEqual(kubectl.error, "", text)
        self.assertEqual(kubectl.objects[0].get("v"), kubectl_value, text)
        self.assertIn(message, codec.error, text)

    def test_duplicate_keys_are_errors(self):
        self.refused("v: {a: one, a: two}\n", 'duplicate key "a"', {"a": "two"})
        self.refused("v:\n  on: one\n  yes: two\n", 'duplicate key "true"', {"true": "two"})
        self.refused("v: one\nv: two\n", 'line 5:1: duplicate key "v", first at line 4:1', "two")

    def test_nothing_is_dropped_behind_the_end_of_a_document(self):
        first, second = HEAD + "v: one\n...\n", HEAD + "v: two\n"
        for reading in self.both(first + "---\n" + second):
            self.assertEqual(([one["v"] for one in reading.objects], reading.error), (["one", "two"], ""))
        kubectl, codec = self.both(first + second)
        self.assertEqual(([one["v"] for one in kubectl.objects], kubectl.error), (["one"], ""))
        self.assertTrue(readers.is_text_behind_the_end(codec.error), codec)
        flow = "{apiVersion: v1, kind: Thing, metadata: {name: d}}"
        kubectl, codec = self.both(f"# flow\n{flow}\n{flow}\n")
        self.assertEqual((len(kubectl.objects), kubectl.error), (1, ""))
        self.assertTrue(readers.is_text_behind_the_end(codec.error), codec)

    def test_nesting_is_bounded(self):
        deep = "[" * 600 + "]" * 600
        kubectl, codec = self.both(HEAD + f"v: {deep}\n")
        self.assertEqual(kubectl.error, "")
        self.assertIn("nested deeper than 512", codec.error)

    def test_what_would_be_a_guess_is_refused(self):
        self.refused("v: {a:}\n", "malformed YAML: found unexpected ':'", {"a:": None})
        self.refused("v: [a:]\n", "malformed YAML: found unexpected ':'", ["a:"])
        self.refused("v: !a,b c\n", "while scanning a tag", "c")


if __name__ == "__main__":
    unittest.main()
