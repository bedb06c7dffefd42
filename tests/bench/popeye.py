"""A live audit beside popeye, which reads the same API server with the same kubeconfig."""

import json
import os
import tempfile
from pathlib import Path

import clusters
import measure
import peers

_APPS = 1000
# Both end with 1 when they have findings; popeye also when it breaks, so its report is read.
_GOOD_EXITS = (0, 1)
# What popeye checks of what `load-apps` makes: that much it must have looked at.
_LOOKED_AT = {"pods": 4 * _APPS, "deployments": _APPS, "replicasets": _APPS, "services": _APPS, "configmaps": _APPS,
              "nodes": _APPS // 5, "horizontalpodautoscalers": _APPS // 4, "persistentvolumeclaims": _APPS // 4,
              "secrets": _APPS * 18 // 100, "namespaces": 40, "networkpolicies": 40, "serviceaccounts": 40}


def run(options, report):
    popeye = peers.popeye()
    rounds = options.rounds or 3
    with clusters.cluster(options.keep) as directory:
        clusters.load_apps(directory, _APPS)
        with tempfile.TemporaryDirectory() as work, clusters.quiet(directory):
            environment = dict(os.environ, KUBECONFIG=str(directory / "kubeconfig"), HOME=work)
            mine, theirs = Path(work, "audit.json"), Path(work, "popeye.json")

            def ours():
                return measure.run([options.bin / "kubectl-ai-audit", "-o", "json"], _GOOD_EXITS, mine, environment)

            def others():
                done = measure.run([popeye.program, "-A", "-o", "json", "--logs", Path(work, "popeye.log")],
                                   _GOOD_EXITS, theirs, environment)
                _require_complete(theirs)
                return done

            measure.progress(f"live audit, {rounds} pairs with popeye")
            audits, scans = measure.in_turns(rounds, ours, others)
            audited, scanned = json.loads(mine.read_text()), json.loads(theirs.read_text())["popeye"]

    seconds, peak = measure.median(audits), max(one.peak_mib for one in audits)
    other_seconds, other_peak = measure.median(scans), measure.median(scans, "peak_mib")
    report.add(f"audit of a cluster of {sum(_LOOKED_AT.values()) + _APPS} objects",
               f"{seconds:.2f} s, {peak:.0f} MiB")
    report.add("  rules, kinds read, findings", f"{len(audited['coverage']['rules'])}, "
               f"{len(audited['coverage']['checked'])}, {len(audited['findings'])}")
    report.add(f"popeye {peers.version('popeye')}", f"{other_seconds:.2f} s, {other_peak:.0f} MiB")
    report.add("  checks, linters, findings", f"{popeye.checks}, {len(scanned['sections'])}, {_findings(scanned)}")
    times, share = other_seconds / seconds, other_peak / peak
    report.add("live audit, times faster than popeye", f"{times:.1f}", "≥ 7", times >= 7)
    report.add("popeye's peak memory, times ours", f"{share:.1f}", "≥ 10", share >= 10)


def _require_complete(path):
    """popeye goes on without what it could not read, such as a list that took it 30 s."""
    text = path.read_text()
    try:
        scanned = json.loads(text)["popeye"]
    except (ValueError, KeyError):
        raise measure.BenchError(f"popeye wrote no report: {text[:500]!r}") from None
    if scanned.get("errors"):
        raise measure.BenchError(f"popeye did not see everything: {scanned['errors']}")
    tallies = {section["linter"]: section["tally"] for section in scanned["sections"]}
    for linter, at_least in _LOOKED_AT.items():
        tally = tallies.get(linter, {})
        looked_at = sum(tally.get(level, 0) for level in ("ok", "info", "warning", "error"))
        if looked_at < at_least:
            raise measure.BenchError(f"popeye looked at {looked_at} of {at_least} {linter}")
    if not _findings(scanned):
        raise measure.BenchError("popeye found nothing")


def _findings(scanned):
    """Those above its level 0, which says that something is fine."""
    return sum(1 for section in scanned["sections"] for issues in section.get("issues", {}).values()
               for issue in issues if issue["level"] > 0)
