// GPU containers that reserve no CPU or no memory beside their GPUs.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <set>
#include <tuple>

namespace kai::audit {
namespace {

bool wants_gpu(const Container& container) {
  const auto is_gpu = [](const Amount& amount) {
    return model::is_gpu_resource(amount.resource) && !amount.quantity.is_zero();
  };
  return std::any_of(container.limits.begin(), container.limits.end(), is_gpu) ||
         std::any_of(container.requests.begin(), container.requests.end(), is_gpu);
}

bool lists(const Amounts& amounts, std::string_view resource) {
  return std::any_of(amounts.begin(), amounts.end(),
                     [&](const Amount& amount) { return amount.resource == resource; });
}

using Name = std::tuple<std::string, std::string, std::string>;  // kind, namespace, name

// Controllers whose pods have what their template lacks: a webhook gave it.
std::set<Name> completed_by_admission(const Facts& facts) {
  std::set<Name> names;
  for (const Pod& pod : facts.pods) {
    if (!pod.spec->wants_gpu() || pod.owner == nullptr) continue;
    const auto& containers = pod.spec->containers;
    const bool complete =
        std::all_of(containers.begin(), containers.end(), [](const Container& container) {
          return !wants_gpu(container) ||
                 (lists(container.requests, "cpu") && lists(container.requests, "memory"));
        });
    if (!complete) continue;
    const model::ObjectRef owner = controller_ref(pod);
    names.emplace(owner.kind, owner.ns, owner.name);
  }
  return names;
}

void check(const Facts& facts, Findings& findings) {
  const std::set<Name> completed = completed_by_admission(facts);
  facts.each_subject([&](const Subject& subject) {
    const PodTemplate& spec = *subject.spec;
    if (subject.finished || !spec.wants_gpu() ||
        completed.contains({subject.ref.kind, subject.ref.ns, subject.ref.name}) ||
        WellKnown::get().is_system_namespace(subject.ref.ns)) {
      return;
    }
    for (const Container& container : spec.containers) {
      if (!wants_gpu(container)) continue;
      // A limit is the request where there is none.
      const auto unset = [&](std::string_view resource) {
        return !lists(container.requests, resource) && !lists(container.limits, resource) &&
               !lists(spec.pod_level, resource) &&
               !facts.governance.defaults_request(subject.ref.ns, resource);
      };
      std::vector<std::string> missing;
      if (unset("cpu")) missing.emplace_back("CPU");
      if (unset("memory")) missing.emplace_back("memory");
      if (missing.empty()) continue;
      const std::string what = list_names(missing);
      Finding finding;
      finding.object = subject.ref;
      finding.origin = subject.origin;
      finding.path = subject.container_path(container) / "resources";
      finding.subject = container.name.str();
      finding.observed = "no request for " + what;
      finding.expected = "requests for CPU and memory";
      finding.message = "container " + container.name.str() + " has GPUs and requests no " +
                        (missing.size() == 1 ? what : "CPU and no memory");
      findings.add(std::move(finding));
    }
  });
}

}  // namespace

extern const Rule k_gpu_cpu_memory_unset;
constinit const Rule k_gpu_cpu_memory_unset = {
    .id = "gpu-cpu-memory-unset",
    .severity = Severity::warning,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A GPU container requests no CPU or memory",
    .why =
        "Nothing is reserved for it: the scheduler packs CPU work beside it until the GPU starves "
        "for data, and without a memory request it is the first that the node kills.",
    .fix =
        "Set requests for cpu and memory beside the GPUs, about a node's share: its CPU and memory "
        "divided by its GPUs.",
    .reference = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    .needs = {Kind::limit_range},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
