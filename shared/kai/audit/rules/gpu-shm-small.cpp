// NCCL passes data between the GPUs of a pod through /dev/shm, of which a container has
// 64 MiB.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// Whole GPUs: MIG instances and shares of a GPU do not talk to each other.
std::int64_t whole_gpus(const Amounts& gpus) {
  std::int64_t count = 0;
  for (const Amount& amount : gpus) {
    const std::string_view name = amount.resource;
    if (!model::is_mig_resource(name) && !name.ends_with(".shared")) {
      count += amount.quantity.value();
    }
  }
  return count;
}

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    const PodTemplate& spec = *subject.spec;
    const std::int64_t gpus = whole_gpus(spec.gpus);
    if (subject.finished || gpus < 2 || spec.host_ipc) return;
    // A host's /dev/shm is as large as half of its memory.
    const auto enough = [](const Container& container) {
      return container.shm == Shm::memory || container.shm == Shm::host;
    };
    if (std::any_of(spec.containers.begin(), spec.containers.end(), enough)) return;
    const auto on_disk = std::find_if(spec.containers.begin(), spec.containers.end(),
                                      [](const Container& c) { return c.shm == Shm::disk; });
    Finding finding;
    finding.object = subject.ref;
    finding.origin = subject.origin;
    finding.path = subject.spec_path / "volumes";
    finding.subject = subject.spec_path.pointer();
    finding.observed =
        on_disk == spec.containers.end() ? "/dev/shm of 64Mi" : "/dev/shm on a volume of the disk";
    finding.expected = "an emptyDir with medium: Memory at /dev/shm";
    finding.message = count_of(gpus, "GPU") + " in one pod and " +
                      (on_disk == spec.containers.end() ? "64 MiB of shared memory"
                                                        : "shared memory that is on disk");
    findings.add(std::move(finding));
  });
}

}  // namespace

extern const Rule k_gpu_shm_small;
constinit const Rule k_gpu_shm_small = {
    .id = "gpu-shm-small",
    .severity = Severity::warning,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A multi-GPU pod has only 64 MiB of shared memory",
    .why =
        "NCCL and PyTorch's data loaders exchange data through /dev/shm. With the default of "
        "64 MiB they crash with a bus error or fall back to slow paths.",
    .fix =
        "Add a volume `emptyDir: {medium: Memory, sizeLimit: 16Gi}` and mount it at /dev/shm; "
        "what it holds counts as the pod's memory.",
    .reference =
        "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html"
        "#shared-memory",
    .needs = {},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
