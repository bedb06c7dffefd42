"""An audit of a repository's manifests, beside kube-score and kubeconform."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import manifests
import measure
import peers

_OBJECTS, _TEN_TIMES = 10_000, 100_000
# 1: findings.
_GOOD_EXITS = (0, 1)


def run(options, report):
    kube_score, kubeconform = peers.kube_score(), peers.kubeconform()
    rounds = options.rounds or 5
    with tempfile.TemporaryDirectory(prefix="kai-bench-") as work:
        few, many, careless = Path(work, "few"), Path(work, "many"), Path(work, "careless")
        few.mkdir(), many.mkdir(), careless.mkdir()
        size = manifests.write(few, _OBJECTS)
        manifests.write(many, _TEN_TIMES)
        manifests.write(careless, _OBJECTS, careless=True)
        files = sorted(few.iterdir())
        result = Path(work, "report")

        def audit_of(directory, *more):
            return [options.bin / "kubectl-ai-audit", "-f", directory, "-o", "json", *more]

        def audit(directory, *more):
            return measure.run(audit_of(directory, *more), _GOOD_EXITS, result)

        measure.progress(f"manifests, {rounds} pairs with kube-score")
        ours, scored = measure.in_turns(
            rounds, lambda: audit(few),
            lambda: measure.run([kube_score, "score", "-o", "ci", *files], _GOOD_EXITS))
        report_of_few = json.loads(result.read_text())
        rules, findings = len(report_of_few["coverage"]["rules"]), len(report_of_few["findings"])
        measure.progress(f"manifests, {rounds} pairs with kubeconform")
        beside, conformed = measure.in_turns(
            rounds, lambda: audit(few),
            lambda: measure.run([kubeconform.program, "-n", "2", "-schema-location", kubeconform.schemas, few]))
        measure.progress("manifests, ten times as many")
        large, small = measure.in_turns(max(rounds // 2, 1), lambda: audit(many), lambda: audit(few))
        measure.progress("manifests, a finding in every Deployment")
        faulty, _ = measure.in_turns(rounds, lambda: audit(careless), lambda: audit(few))
        audit(careless)
        many_findings = len(json.loads(result.read_text())["findings"])
        measure.progress("manifests, one core")
        cores = sorted(os.sched_getaffinity(0))
        everywhere, alone = measure.in_turns(rounds, lambda: audit(few), lambda: measure.run(
            ["taskset", "--cpu-list", cores[0], *audit_of(few)], _GOOD_EXITS, result))
        measure.progress("manifests, one rule")
        every, one = measure.in_turns(rounds, lambda: audit(few), lambda: audit(few, "--select", "api-removed"))

    checks = _checks(kube_score)
    seconds = measure.median(ours)
    peak = max(one_run.peak_mib for one_run in ours)
    report.add(f"audit of {_OBJECTS} manifests, {size / 1e6:.0f} MB, {rules} rules, {findings} findings", f"{seconds:.2f} s")
    report.add(f"the same with {many_findings} findings", f"{measure.median(faulty):.2f} s, "
               f"{max(one_run.peak_mib for one_run in faulty):.0f} MiB")
    report.add(f"kube-score, {checks} checks", f"{measure.median(scored):.2f} s, "
               f"{max(one_run.peak_mib for one_run in scored):.0f} MiB")
    report.add("kubeconform -n 2, the schema alone", f"{measure.median(conformed):.2f} s, "
               f"{max(one_run.peak_mib for one_run in conformed):.0f} MiB")
    times = measure.median(scored) / seconds
    report.add("audit of files, times faster than kube-score", f"{times:.1f}", "≥ 10", times >= 10)
    report.add("audit of files, times faster than kubeconform",
               f"{measure.median(conformed) / measure.median(beside):.1f}")
    report.add("audit of files, peak memory", f"{peak:.0f} MiB", "≤ 64 MiB", peak <= 64)
    growth = measure.median(large) / measure.median(small)
    report.add("ten times as many objects, times the time", f"{growth:.1f}", "≤ 11", growth <= 11)
    report.add("  and their peak memory", f"{max(one_run.peak_mib for one_run in large):.0f} MiB")
    gain, wanted = measure.median(alone) / measure.median(everywhere), 0.7 * min(len(cores), 4)
    report.add(f"on {len(cores)} cores, times faster than on one", f"{gain:.2f}", f"≥ {wanted:.1f}", gain >= wanted)
    with_one = measure.median(one, "cpu_seconds")
    cost = (measure.median(every, "cpu_seconds") - with_one) / with_one
    report.add("all rules, share of reading with one rule (processor time)", f"{cost:.2f}", "≤ 0.25", cost <= 0.25)


def _checks(kube_score):
    listed = subprocess.run([kube_score, "list"], capture_output=True, text=True, check=True)
    return sum(1 for line in listed.stdout.splitlines() if line.rstrip().endswith("default"))
