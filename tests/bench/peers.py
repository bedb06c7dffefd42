"""The tools that we are measured beside, built once from their Go modules and kept outside
the checkout."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import measure
from kaicluster.programs import cache_dir, find_go, pinned_version

_VERSIONS = {"kube-score": ("github.com/zegl/kube-score/cmd/kube-score", "v1.20.0"),
             "kubeconform": ("github.com/yannh/kubeconform/cmd/kubeconform", "v0.7.0")}


@dataclass(frozen=True)
class Kubeconform:
    program: Path
    schemas: str  # its -schema-location


def kube_score():
    return _installed("kube-score")


def kubeconform():
    return Kubeconform(_installed("kubeconform"), _schemas())


def _installed(name):
    package, version = _VERSIONS[name]
    directory = cache_dir() / "peers" / version
    program = directory / name
    if not program.exists():
        measure.progress(f"building {name} {version} (kept in {directory})")
        _go("install", f"{package}@{version}", GOBIN=str(directory), GOTOOLCHAIN="auto")
    return program


def _go(*arguments, **environment):
    done = subprocess.run([find_go(), *arguments], capture_output=True, text=True, check=False,
                          env=dict(os.environ, GOFLAGS="-mod=mod", **environment))
    if done.returncode:
        raise measure.BenchError(f"go {' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


def _schemas():
    """JSON schemas as kubeconform wants them, a file for each kind, from Kubernetes' own
    description: the ones that it would download are made from the same."""
    version = pinned_version()
    directory = cache_dir() / "peers" / f"schemas-{version}"
    if not (directory / "complete").exists():
        directory.mkdir(parents=True, exist_ok=True)
        module = json.loads(_go("mod", "download", "-json", f"k8s.io/kubernetes@{version}"))["Dir"]
        definitions = json.loads(Path(module, "api/openapi-spec/swagger.json").read_text())["definitions"]
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
