// RDMA pins the memory that it sends from, which needs the capability IPC_LOCK.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

const Amount* rdma_of(const Container& container) {
  for (const Amounts* const amounts : {&container.limits, &container.requests}) {
    const auto found = std::find_if(amounts->begin(), amounts->end(), [](const Amount& amount) {
      return amount.resource.view().starts_with("rdma/") && !amount.quantity.is_zero();
    });
    if (found != amounts->end()) return &*found;
  }
  return nullptr;
}

Patch patch_of(const Container& container, const FieldPath& path) {
  const FieldPath context = path / "securityContext";
  const FieldPath capabilities = context / "capabilities";
  const model::Json list = model::Json::array({"IPC_LOCK"});
  const auto add = [](const FieldPath& at, model::Json value) {
    return Patch{
        Patch::Type::json,
        model::Json::array({{{"op", "add"}, {"path", at.pointer()}, {"value", std::move(value)}}})};
  };
  switch (container.capabilities) {
    case CapabilityList::no_context: return add(context, {{"capabilities", {{"add", list}}}});
    case CapabilityList::no_capabilities: return add(capabilities, {{"add", list}});
    case CapabilityList::no_list: return add(capabilities / "add", list);
    case CapabilityList::present: break;
  }
  return add(capabilities / "add" / "-", "IPC_LOCK");
}

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    if (subject.finished) return;
    for (const Container& container : subject.spec->containers) {
      const Amount* const rdma = rdma_of(container);
      if (rdma == nullptr || container.memory_lock == MemoryLock::granted) continue;
      const bool inert = container.memory_lock == MemoryLock::inert;
      const FieldPath path = subject.container_path(container);
      Finding finding;
      finding.object = subject.ref;
      finding.origin = subject.origin;
      finding.path = path / "securityContext";
      finding.subject = container.name.str();
      finding.observed = inert ? "IPC_LOCK for a user other than root" : "no IPC_LOCK";
      finding.expected = "IPC_LOCK for root";
      finding.message = "container " + container.name.str() + " asks for " + rdma->resource.str() +
                        (inert ? " with IPC_LOCK, which is inert as it does not run as root"
                               : " without the capability IPC_LOCK");
      if (inert) {
        finding.fix =
            "Run the container as root, or raise memlock to unlimited for the container runtime "
            "(LimitMEMLOCK=infinity in its systemd unit): then no capability is needed.";
      } else {
        finding.patch = patch_of(container, path);
      }
      findings.add(std::move(finding));
    }
  });
}

}  // namespace

extern const Rule k_gpu_rdma_ipc_lock;
constinit const Rule k_gpu_rdma_ipc_lock = {
    .id = "gpu-rdma-ipc-lock",
    .severity = Severity::warning,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A pod with RDMA may not lock its memory",
    .why =
        "Registering a memory region fails (ibv_reg_mr: Cannot allocate memory) beyond the small "
        "limit for locked memory, and NCCL stops or falls back to TCP. A capability that is added "
        "takes no effect for processes of another user than root.",
    .fix =
        "Add the capability: securityContext: {capabilities: {add: [IPC_LOCK]}}, and run as root; "
        "Pod Security admits it at the level privileged only.",
    .reference = "https://github.com/Mellanox/k8s-rdma-shared-dev-plugin#readme",
    .needs = {},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
