"""A live audit of a large cluster, against curl fetching the very same pages.

curl gets what an audit cannot have: every address beforehand, continue tokens too (taken
from the API server's own log of the audit before), and one connection for all of them.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import measure
from kaicluster import state
from kaicluster.programs import build_testkit
from kaicluster.testing import AuditLog

_NODES, _PODS = 1000, 20000
_COMMANDS = Path(__file__).resolve().parents[1] / "cluster"
# 1: findings. 4 would mean that the audit did not see everything.
_GOOD_EXITS = (0, 1)


def run(options, report):
    with _loaded_cluster(options.keep) as directory, tempfile.TemporaryDirectory() as work:
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

        rounds = options.rounds or 7
        measure.progress(f"live audit, {rounds} pairs")
        mine, others = measure.in_turns(rounds, ours, theirs)
        requests = len(log.requests())
        pages = len(_pages(log))
    ratio = measure.median(mine) / measure.median(others)
    peak = max(one.peak_mib for one in mine)
    report.add(f"audit of {_NODES} nodes and {_PODS} pods", f"{measure.median(mine):.2f} s")
    report.add("  its own processor time", f"{measure.median(mine, 'cpu_seconds'):.2f} s")
    report.add("  requests, pages of lists among them", f"{requests}, {pages}")
    report.add("curl, the same pages", f"{measure.median(others):.2f} s")
    report.add("live audit, times curl", f"{ratio:.2f}", "≤ 1.3", ratio <= 1.3)
    report.add("live audit, peak memory", f"{peak:.0f} MiB", "≤ 96 MiB", peak <= 96)


@contextlib.contextmanager
def _loaded_cluster(keep):
    name = keep or f"bench-{os.getpid()}"
    directory = state.state_dir(name)
    loaded = directory / "loaded"
    try:
        if not loaded.exists():
            subprocess.run([_COMMANDS / "up", "--name", name], check=True, stdout=subprocess.DEVNULL)
            measure.progress(f"loading {_NODES} nodes and {_PODS} pods")
            subprocess.run([build_testkit(), "load", "--kubeconfig", directory / "kubeconfig",
                            f"--nodes={_NODES}", f"--pods={_PODS}"], check=True)
            loaded.touch()
        yield directory
    finally:
        if not keep:
            subprocess.run([_COMMANDS / "down", "--name", name], check=True, stdout=sys.stderr)


def _pages(log):
    """The lists that the last audit fetched, page by page, in the order of their start."""
    return [event["requestURI"] for event in log.requests()
            if event["verb"] == "list" and event["responseStatus"]["code"] == 200]


def _write_curl_config(path, kubeconfig, directory, pages):
    """One curl for all pages: one connection, one request after the other."""
    text = kubeconfig.read_text()
    server = re.search(r"server: (\S+)", text).group(1)
    token = (directory / "tokens.csv").read_text().split(",", 1)[0]
    blocks = [f'url = "{server}{page}"\noutput = "{os.devnull}"\n' for page in pages]
    # By its own name curl would get indented JSON, twice as long and twice as slow to make.
    common = (f'user-agent = "bench"\nheader = "Authorization: Bearer {token}"\nheader = "Accept: application/json"\n'
              f'header = "Accept-Encoding: gzip"\ncacert = "{directory}/pki/ca.crt"\nsilent\nfail\n')
    path.write_text("next\n".join(block + common for block in blocks))
