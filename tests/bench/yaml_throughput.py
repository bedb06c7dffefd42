"""How fast the codec reads manifests."""

import subprocess

import measure


def run(options, report):
    binary = options.bin / "yaml_throughput"
    if not binary.exists():
        raise measure.BenchError(f"{binary} is not built")
    measure.progress("YAML throughput")
    done = subprocess.run([binary], capture_output=True, text=True, check=False)
    if done.returncode:
        raise measure.BenchError(f"yaml_throughput ended with {done.returncode}: {done.stderr}")
    for line in done.stdout.splitlines():
        what, _, value = line.partition(":")
        report.add(what.strip(), value.strip())
