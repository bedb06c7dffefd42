"""The tools that we are measured beside, built once from their Go modules and kept outside
the checkout."""

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import measure
from kaicluster.programs import cache_dir, find_go, pinned_version

_VERSIONS = {"kube-score": ("github.com/zegl/kube-score/cmd/kube-score", "v1.20.0"),
             "kubeconform": ("github.com/yannh/kubeconform/cmd/kubeconform", "v0.7.0"),
             "popeye": ("github.com/derailed/popeye", "v0.22.1"),
             "toxiproxy": ("github.com/Shopify/toxiproxy/v2/cmd/server", "v2.12.0")}


@dataclass(frozen=True)
class Kubeconform:
    program: Path
    schemas: str  # its -schema-location


@dataclass(frozen=True)
class Popeye:
    program: Path
    checks: int  # how many codes it has: one for each thing that it can find


def version(name):
    return _VERSIONS[name][1]


def kube_score():
    return _installed("kube-score")


def kubeconform():
    return Kubeconform(_installed("kubeconform"), _schemas())


def popeye():
    program = _installed("popeye")
    package, wanted = _VERSIONS["popeye"]
    codes = _module(package, wanted) / "internal/issues/assets/codes.yaml"
    return Popeye(program, len(re.findall(r"^  \d+:$", codes.read_text(), re.MULTILINE)))


def toxiproxy():
    return _installed("toxiproxy")


def _installed(name):
    """The program, built in a module of its own that requires it: `go install` would ask for
    a list of all versions, which not every module proxy has."""
    package, wanted = _VERSIONS[name]
    directory = cache_dir() / "peers" / wanted
    program = directory / name
    if not program.exists():
        measure.progress(f"building {name} {wanted} (kept in {directory})")
        with tempfile.TemporaryDirectory(prefix="kai-peer-") as work:
            module = package.split("/cmd/")[0]
            Path(work, "go.mod").write_text(f"module peer\n\ngo 1.23.0\n\nrequire {module} {wanted}\n")
            _go("build", "-trimpath", "-ldflags=-s -w", "-o", str(program), package, directory=work,
                CGO_ENABLED="0", GOTOOLCHAIN="auto")
    return program


def _module(module, wanted):
    return Path(json.loads(_go("mod", "download", "-json", f"{module}@{wanted}"))["Dir"])


def _go(*arguments, directory=None, **environment):
    done = subprocess.run([find_go(), *arguments], capture_output=True, text=True, check=False, cwd=directory,
                          env=dict(os.environ, GOFLAGS="-mod=mod", **environment))
    if done.returncode:
        raise measure.BenchError(f"go {' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


def _schemas():
    """JSON schemas as kubeconform wants them, a file for each kind, from Kubernetes' own
    description: the ones that it would download are made from the same."""
    kubernetes = pinned_version()
    directory = cache_dir() / "peers" / f"schemas-{kubernetes}"
    if not (directory / "complete").exists():
        directory.mkdir(parents=True, exist_ok=True)
        swagger = _module("k8s.io/kubernetes", kubernetes) / "api/openapi-spec/swagger.json"
        definitions = json.loads(swagger.read_text())["definitions"]
        text_or_number = {"oneOf": [{"type": "string"}, {"type": "number"}]}
        for name in ("api.resource.Quantity", "util.intstr.IntOrString"):
            definitions[f"io.k8s.apimachinery.pkg.{name}"] = text_or_number
        (directory / "definitions.json").write_text(json.dumps({"definitions": definitions}))
        for name, definition in definitions.items():
            for kind in definition.get("x-kubernetes-group-version-kind", ()):
                group = kind["group"].split(".")[0]
                suffix = "-".join(part for part in (group, kind["version"]) if part)
                (directory / f"{kind['kind']}-{suffix}.json".lower()).write_text(
                    json.dumps({"$ref": f"definitions.json#/definitions/{name}"}))
        (directory / "complete").touch()
    return str(directory / "{{ .ResourceKind }}{{ .KindSuffix }}.json")
