"""A live audit of a large cluster, against curl fetching the very same pages.

curl gets what an audit cannot have: every address beforehand, continue tokens too (taken
from the API server's own log of the audit before), and one connection for all of them.
"""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import clusters
import measure
from kaicluster.testing import AuditLog

# 1: findings. 4 would mean that the audit did not see everything.
_GOOD_EXITS = (0, 1)
# Of `live-large`: what a large cluster may take, and what it may take more than a small one.
_NODES, _FEW_PODS, _MANY_PODS = 5000, 5000, 50000


@dataclass(frozen=True)
class _Measured:
    mine: tuple
    others: tuple
    requests: int
    pages: int

    def ratio(self):
        return measure.median(self.mine) / measure.median(self.others)

    def peak(self):
        return max(one.peak_mib for one in self.mine)


def run(options, report):
    nodes, pods = 1000, 20000
    with clusters.cluster(options.keep) as directory:
        clusters.load(directory, nodes, pods)
        measured = _measure(options, directory, options.rounds or 7)
    _add_rows(report, measured, nodes, pods)
    ratio, peak = measured.ratio(), measured.peak()
    report.add("live audit, times curl", f"{ratio:.2f}", "≤ 1.3", ratio <= 1.3)
    report.add("live audit, peak memory", f"{peak:.0f} MiB", "≤ 96 MiB", peak <= 96)


def run_large(options, report):
    small = None
    with clusters.cluster(options.keep) as directory:
        if clusters.count(directory, "pods") <= _FEW_PODS:
            clusters.load(directory, _NODES, _FEW_PODS)
            small = _measure(options, directory, options.rounds or 5)
        clusters.load(directory, _NODES, _MANY_PODS)
        large = _measure(options, directory, options.rounds or 5)
    if small:
        _add_rows(report, small, _NODES, _FEW_PODS)
        report.add("  times curl, peak memory", f"{small.ratio():.2f}, {small.peak():.1f} MiB")
    _add_rows(report, large, _NODES, _MANY_PODS)
    ratio, peak = large.ratio(), large.peak()
    report.add("large live audit, times curl", f"{ratio:.2f}", "≤ 1.2", ratio <= 1.2)
    report.add("large live audit, peak memory", f"{peak:.1f} MiB", "≤ 64 MiB", peak <= 64)
    growth = f"peak memory, growth from {_FEW_PODS} to {_MANY_PODS} pods"
    if small:
        more = peak - small.peak()
        report.add(growth, f"{more:.1f} MiB", "< 16 MiB", more < 16)
    else:
        report.add(growth, "not measured: the kept cluster was full")


def _measure(options, directory, rounds):
    with tempfile.TemporaryDirectory() as work, clusters.quiet(directory):
        kubeconfig = directory / "kubeconfig"
        environment = dict(os.environ, KUBECONFIG=str(kubeconfig), HOME=work)
        audit = [options.bin / "kubectl-ai-audit", "-o", "json"]
        log = AuditLog(directory)

        def ours():
            log.mark()
            done = measure.run(audit, _GOOD_EXITS, os.path.join(work, "report.json"), environment)
            _write_curl_config(Path(work, "curl"), kubeconfig, directory, _pages(log))
            return done

        def theirs():
            return measure.run(["curl", "--config", Path(work, "curl")])

        measure.progress(f"live audit of {clusters.count(directory, 'pods')} pods, {rounds} pairs")
        mine, others = measure.in_turns(rounds, ours, theirs)
        return _Measured(mine, others, len(log.requests()), len(_pages(log)))


def _add_rows(report, measured, nodes, pods):
    report.add(f"audit of {nodes} nodes and {pods} pods", f"{measure.median(measured.mine):.2f} s")
    report.add("  its own processor time", f"{measure.median(measured.mine, 'cpu_seconds'):.2f} s")
    report.add("  requests, pages of lists among them", f"{measured.requests}, {measured.pages}")
    report.add("curl, the same pages", f"{measure.median(measured.others):.2f} s")


def _pages(log):
    """The lists that the last audit fetched, page by page, in the order of their start."""
    return [event["requestURI"] for event in log.requests()
            if event["verb"] == "list" and event["responseStatus"]["code"] == 200]


def _write_curl_config(path, kubeconfig, directory, pages):
    """One curl for all pages: one connection, one request after the other."""
    text = kubeconfig.read_text()
    server = re.search(r"server: (\S+)", text).group(1)
    token = clusters.admin_token(directory)
    blocks = [f'url = "{server}{page}"\noutput = "{os.devnull}"\n' for page in pages]
    # By its own name curl would get indented JSON, twice as long and twice as slow to make.
    common = (f'user-agent = "bench"\nheader = "Authorization: Bearer {token}"\nheader = "Accept: application/json"\n'
              f'header = "Accept-Encoding: gzip"\ncacert = "{directory}/pki/ca.crt"\nsilent\nfail\n')
    path.write_text("next\n".join(block + common for block in blocks))
