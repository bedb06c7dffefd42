"""How fast the codec reads manifests, beside libyaml's bare events and yaml-cpp's nodes."""

import subprocess

import measure


def run(options, report):
    build = options.bin.parent
    measure.progress("building yaml_throughput")
    done = subprocess.run(["cmake", "--build", build, "--target", "yaml_throughput"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise measure.BenchError(f"yaml_throughput cannot be built in {build}; it needs "
                                 f"libyaml-cpp-dev (tests/setup tests):\n{done.stdout[-2000:]}{done.stderr}")
    measure.progress("YAML throughput")
    done = subprocess.run([options.bin / "yaml_throughput"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise measure.BenchError(f"yaml_throughput ended with {done.returncode}: {done.stderr}")
    for line in done.stdout.splitlines():
        what, _, value = line.partition(": ")
        # A DOM of nodes is the peer that has to be beaten; the events are the floor.
        limit, good = ("≥ 2", float(value) >= 2) if what == "JSON, times yaml-cpp" else ("", None)
        report.add(what, value, limit, good)
