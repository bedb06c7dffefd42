"""Nodes with GPUs that exist by API only.

Kubernetes advertises an extended resource as a number in a node's status, so a PATCH of
the status subresource makes a node that the scheduler really places GPU pods on.
https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/
"""

import time
from datetime import datetime, timezone

from . import ClusterError


NFD_NVIDIA = {"feature.node.kubernetes.io/pci-10de.present": "true"}

# Read by the simulated kubelet (testkit/kubelet*.go), which says what they mean.
SIMULATED = "kubectl-ai.test/simulated"
OUTCOME = "kubectl-ai.test/outcome"
LOG = "kubectl-ai.test/log"
GPUS = "kubectl-ai.test/gpus"


def make_node(name, index, labels=None, resources=None, allocatable=None, taints=None,
              ready=True, unschedulable=False, cpu=64, memory="512Gi", annotations=None, gpus=None):
    """A Node with its status, as kubelet would write both.

    resources: extended resources of capacity; allocatable overrides single ones.
    gpus: what is in the node's slots, advertised once a device plugin's pod runs there.
    """
    annotations = {SIMULATED: "true"} | ({GPUS: str(gpus)} if gpus else {}) | (annotations or {})
    now = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    capacity = {"cpu": str(cpu), "memory": memory, "ephemeral-storage": "1Ti", "pods": "110"}
    capacity |= {key: str(value) for key, value in (resources or {}).items()}
    # A good operator reserves something for the system.
    usable = dict(capacity, cpu=f"{cpu * 1000 - 500}m", memory=_less_reserved(memory))
    usable |= {key: str(value) for key, value in (allocatable or {}).items()}
    spec = {}
    if taints:
        spec["taints"] = taints
    if unschedulable:
        spec["unschedulable"] = True

    def condition(kind, status, reason, message):
        return {"type": kind, "status": status, "reason": reason, "message": message,
                "lastHeartbeatTime": now, "lastTransitionTime": now}

    state = (condition("Ready", "True", "KubeletReady", "kubelet is posting ready status") if ready
             else condition("Ready", "False", "KubeletNotReady",
                            "container runtime network not ready: cni plugin not initialized"))
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                       "kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
                       "beta.kubernetes.io/arch": "amd64"} | (labels or {}),
            "annotations": annotations,
        },
        "spec": spec,
        "status": {
            "capacity": capacity, "allocatable": usable,
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory",
                          "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure",
                          "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID",
                          "kubelet has sufficient PID available"),
                state],
            "addresses": [{"type": "InternalIP", "address": f"10.200.{index // 250}.{index % 250 + 1}"},
                          {"type": "Hostname", "address": name}],
            "nodeInfo": {
                "machineID": f"{index:032x}", "systemUUID": f"{index:032x}", "bootID": f"{index:032x}",
                "kernelVersion": "6.8.0-60-generic", "osImage": "Ubuntu 24.04.3 LTS",
                "containerRuntimeVersion": "containerd://2.3.1", "kubeletVersion": "v1.36.3",
                "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64"},
        },
    }


def _less_reserved(memory):
    value, unit = int(memory[:-2]), memory[-2:]
    assert unit == "Gi", memory
    return f"{value * 1024 * 1024 - 2 * 1024 * 1024}Ki"


def create(api, node):
    """Creates the node, then its status: a create alone drops what kubelet reports."""
    name = node["metadata"]["name"]
    api.create("/api/v1/nodes", {key: value for key, value in node.items() if key != "status"})
    api.merge(f"/api/v1/nodes/{name}/status", {"status": node["status"]})


def wait_for_taints(api, names, timeout=60):
    """Waits until the node lifecycle controller has seen each node's condition: every
    node is born with a not-ready taint, which the controller takes off or leaves."""
    deadline = time.monotonic() + timeout
    waiting = set(names)
    while True:
        waiting = {name for name in waiting if not _taints_settled(api.get(f"/api/v1/nodes/{name}"))}
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise ClusterError(f"the taints of {sorted(waiting)} do not follow their conditions")
        time.sleep(0.05)


def _taints_settled(node):
    taints = {(taint["key"], taint["effect"]) for taint in node["spec"].get("taints", [])}
    ready = any(condition["type"] == "Ready" and condition["status"] == "True"
                for condition in node["status"]["conditions"])
    not_ready = {("node.kubernetes.io/not-ready", effect) for effect in ("NoSchedule", "NoExecute")}
    cordoned = {("node.kubernetes.io/unschedulable", "NoSchedule")}
    return (not (taints & not_ready) if ready else not_ready <= taints) and (
        cordoned <= taints if node["spec"].get("unschedulable") else not (taints & cordoned))
