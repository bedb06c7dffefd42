"""Named nodes with GPUs, one per situation that gpu and audit have to tell apart.

Labels are those that NFD, GPU feature discovery and the GPU operator write.
"""

from .nodes import NFD_NVIDIA, make_node

_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


def _discovered(product, count, memory, family, driver="580.95.05"):
    """The labels of GPU feature discovery."""
    major, minor, revision = driver.split(".")
    labels = {
        "nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": product,
        "nvidia.com/gpu.count": str(count), "nvidia.com/gpu.memory": str(memory),
        "nvidia.com/gpu.family": family, "nvidia.com/gpu.replicas": "1",
        "nvidia.com/gpu.sharing-strategy": "none",
        "nvidia.com/mig.capable": "false", "nvidia.com/mig.strategy": "none",
        "nvidia.com/cuda.driver-version.full": driver, "nvidia.com/cuda.driver-version.major": major,
        "nvidia.com/cuda.driver-version.minor": minor, "nvidia.com/cuda.driver-version.revision": revision,
        "nvidia.com/cuda.runtime-version.full": "13.0", "nvidia.com/cuda.runtime-version.major": "13",
        "nvidia.com/cuda.runtime-version.minor": "0",
    }
    return NFD_NVIDIA | labels


def _mig(strategy, config):
    return {"nvidia.com/mig.capable": "true", "nvidia.com/mig.strategy": strategy,
            "nvidia.com/mig.config": config, "nvidia.com/mig.config.state": "success"}


def _profile(name, count, memory):
    """What GPU feature discovery says of one MIG profile under the mixed strategy."""
    prefix = f"nvidia.com/mig-{name}"
    return {f"{prefix}.count": str(count), f"{prefix}.memory": str(memory), f"{prefix}.replicas": "1",
            f"{prefix}.product": f"NVIDIA-A100-SXM4-80GB-MIG-{name}", f"{prefix}.sharing-strategy": "none"}


def nodes():
    """{name: Node}: the whole fleet. Every call makes new objects, free to change."""
    a100 = _discovered("NVIDIA-A100-SXM4-80GB", 8, 81920, "ampere")
    made = [
        make_node("control-plane-0", 0, cpu=8, memory="32Gi",
                  labels={"node-role.kubernetes.io/control-plane": "",
                          "node.kubernetes.io/exclude-from-external-load-balancers": ""},
                  taints=[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]),
        make_node("cpu-0", 1, cpu=32, memory="128Gi"),
        # As they should be: discovered, labelled, tainted.
        make_node("a100-0", 2, cpu=128, memory="1024Gi", labels=a100, taints=[_TAINT],
                  resources={"nvidia.com/gpu": 8}),
        make_node("h100-0", 3, cpu=192, memory="2048Gi", taints=[_TAINT],
                  labels=_discovered("NVIDIA-H100-80GB-HBM3", 8, 81559, "hopper"),
                  resources={"nvidia.com/gpu": 8}),
        # One taint that is not ours, and none that is.
        make_node("l40s-0", 4, labels=_discovered("NVIDIA-L40S", 4, 46068, "ada-lovelace"),
                  taints=[{"key": "team", "value": "vision", "effect": "PreferNoSchedule"}],
                  resources={"nvidia.com/gpu": 4}),
        # A device plugin and nothing else: no label says that there is a GPU.
        make_node("bare-0", 5, resources={"nvidia.com/gpu": 2}),
        # The device plugin took two of eight back.
        make_node("withdrawn-0", 6, cpu=128, memory="1024Gi", labels=a100, taints=[_TAINT],
                  resources={"nvidia.com/gpu": 8}, allocatable={"nvidia.com/gpu": 6}),
        # In its slots, and advertised by nobody: NFD alone knows.
        make_node("dark-0", 7, labels=NFD_NVIDIA, gpus=4),
        make_node("time-sliced-0", 8, cpu=16, memory="64Gi", taints=[_TAINT],
                  labels=_discovered("Tesla-T4-SHARED", 1, 15360, "turing") | {
                      "nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.sharing-strategy": "time-slicing"},
                  resources={"nvidia.com/gpu": 4}),
        make_node("mig-single-0", 9, cpu=128, memory="1024Gi", taints=[_TAINT],
                  labels=_discovered("NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", 56, 9728, "ampere")
                  | _mig("single", "all-1g.10gb"), resources={"nvidia.com/gpu": 56}),
        make_node("mig-mixed-0", 10, cpu=128, memory="1024Gi", taints=[_TAINT],
                  labels=a100 | _mig("mixed", "all-balanced") | _profile("1g.10gb", 16, 9728)
                  | _profile("2g.20gb", 8, 19968) | _profile("3g.40gb", 8, 40192),
                  resources={"nvidia.com/gpu": 0, "nvidia.com/mig-1g.10gb": 16,
                             "nvidia.com/mig-2g.20gb": 8, "nvidia.com/mig-3g.40gb": 8}),
        make_node("not-ready-0", 11, labels=_discovered("NVIDIA-L40S", 4, 46068, "ada-lovelace"),
                  taints=[_TAINT], resources={"nvidia.com/gpu": 4}, ready=False),
        make_node("cordoned-0", 12, labels=_discovered("NVIDIA-L40S", 4, 46068, "ada-lovelace"),
                  taints=[_TAINT], resources={"nvidia.com/gpu": 4}, unschedulable=True),
        make_node("amd-0", 13, cpu=192, memory="2048Gi",
                  labels={"feature.node.kubernetes.io/pci-1002.present": "true",
                          "amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM"},
                  resources={"amd.com/gpu": 8}),
    ]
    return {node["metadata"]["name"]: node for node in made}


def plain_gpu_nodes(count):
    """What `up --nodes` makes: A100 nodes as a device plugin leaves them, never set up."""
    return [make_node(f"gpu-{index}", 100 + index, labels=NFD_NVIDIA, resources={"nvidia.com/gpu": 8})
            for index in range(count)]
