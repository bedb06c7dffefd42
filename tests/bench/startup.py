"""How long a user waits for a command that does nothing."""

import measure
from kaicluster.kubectls import kubectls


def run(options, report):
    ours = options.bin / "kubectl-ai-audit"
    theirs = list(kubectls().values())[-1]
    rounds = options.rounds or 60
    measure.progress(f"start-up, {rounds} pairs")
    mine, others = measure.in_turns(
        rounds, lambda: measure.run([ours, "--version"]),
        lambda: measure.run([theirs, "version", "--client"]))
    ratio = measure.median(others) / measure.median(mine)
    report.add("kubectl-ai-audit --version", f"{measure.median(mine) * 1000:.1f} ms")
    report.add("kubectl version --client", f"{measure.median(others) * 1000:.1f} ms")
    report.add("start-up, times faster than kubectl", f"{ratio:.1f}", "≥ 3", ratio >= 3)
