"""Many YAML files through kubectl and through the codec, each in one run."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reading:
    """What became of one file: the objects up to the first that cannot be read."""
    objects: list
    error: str = ""


def _number(text):
    """Numbers are compared by how they are written: 1 is not 1.0, nor 1e3."""
    return "number " + text


_DECODER = json.JSONDecoder(parse_int=_number, parse_float=_number)


def kubectl(program, directory, home):
    """{file's path: Reading}; the files of `directory` hold objects with names of their own
    that begin with the file's."""
    # A home without a kubeconfig: nothing here talks to a server.
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run([program, "patch", "--local", "--type=merge", "-p", "{}", "-o", "json", "-f", directory],
                          capture_output=True, check=False, env=environment)
    objects = {}
    text = done.stdout.decode()
    at = 0
    while at < len(text):
        value, at = _DECODER.raw_decode(text, at)
        while at < len(text) and text[at].isspace():
            at += 1
        objects.setdefault(value["metadata"]["name"].partition("-")[0], []).append(value)
    errors = {}
    for line in done.stderr.decode(errors="replace").splitlines():
        if named := re.search(rf"{re.escape(str(directory))}/([^/\s:\"]+)\.yaml", line):
            errors[named.group(1)] = line
    return {path: Reading(objects.get(path.stem, []), errors.get(path.stem, ""))
            for path in sorted(Path(directory).iterdir())}


def codec(program, directory, *options):
    """The same from kai_yaml_to_json; and with --to-yaml a second result, {path: [text]}."""
    paths = sorted(Path(directory).iterdir())
    done = subprocess.run([program, *options, *paths], capture_output=True, check=True)
    readings, texts = {}, {}
    for line in done.stdout.decode().split("\n")[:-1]:
        value = _DECODER.decode(line)
        # Documents with nothing in them are no objects, to kubectl neither.
        objects = [one for one in value["documents"] if one is not None]
        readings[Path(value["file"])] = Reading(objects, value.get("error", ""))
        texts[Path(value["file"])] = value.get("yaml", [])
    return (readings, texts) if "--to-yaml" in options else readings


def is_no_object(kubectl_error):
    """Whether kubectl could read the text and missed a Kubernetes object in it."""
    return "unable to decode" in kubectl_error and re.search(
        r"cannot unmarshal|is missing|does not match", kubectl_error) is not None


def is_text_behind_the_end(codec_error):
    """kubectl drops in silence what stands behind the end of a document."""
    return "did not find expected <document start>" in codec_error
