// Namespaces that may take every GPU there is.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace kai::audit {
namespace {

bool limits(const Quota& quota, std::string_view resource, bool hami) {
  return std::any_of(quota.hard.begin(), quota.hard.end(), [&](const Quota::Entry& entry) {
    const std::string_view key = entry.key;
    if (key == "requests." + std::string(resource)) return true;
    return hami && (key == "limits." + std::string(resource) || key == resource);
  });
}

struct Use {
  std::int64_t pods = 0;
  std::int64_t gpus = 0;
};

void check(const Facts& facts, Findings& findings) {
  const bool hami = has_hami(facts);
  // namespace and resource
  std::map<std::pair<std::string_view, std::string_view>, Use> uses;
  for (const Pod& pod : facts.pods) {
    if (pod.finished() || !pod.spec->wants_gpu() || is_queued(pod) ||
        WellKnown::get().is_system_namespace(pod.ns)) {
      continue;
    }
    for (const Amount& amount : pod.spec->gpus) {
      Use& use = uses[{pod.ns, amount.resource}];
      ++use.pods;
      use.gpus += amount.quantity.value();
    }
  }
  for (const auto& [key, use] : uses) {
    const auto& [ns, resource] = key;
    const bool limited = std::any_of(facts.quotas.begin(), facts.quotas.end(),
                                     [&, ns = ns, resource = resource](const Quota& quota) {
                                       return quota.head.ns == ns && limits(quota, resource, hami);
                                     });
    if (limited) continue;
    const std::string wanted = "requests." + std::string(resource);
    Finding finding;
    finding.object = {"v1", "Namespace", "", std::string(ns)};
    if (const Namespace* found = facts.find_namespace(ns)) finding.origin = found->head.origin;
    finding.subject = std::string(resource);
    finding.observed = "no ResourceQuota with " + wanted;
    finding.expected = wanted;
    finding.message = count_of(use.pods, "pod") + (use.pods == 1 ? " asks for " : " ask for ") +
                      std::to_string(use.gpus) + " " + std::string(resource) +
                      " and no quota limits it";
    finding.fix = "kubectl create quota gpus -n " + std::string(ns) + " --hard=" + wanted + "=" +
                  std::to_string(use.gpus) + ", with the number that the team shall have";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_quota_missing;
constinit const Rule k_quota_missing = {
    .id = "quota-missing",
    .severity = Severity::warning,
    .category = Category::quota,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A namespace uses GPUs without a quota",
    .why =
        "One namespace can take every GPU of the cluster, by intent or by a typo in a replica "
        "count, and everybody else waits.",
    .fix = "Create a ResourceQuota with requests.nvidia.com/gpu in the namespace.",
    .reference =
        "https://kubernetes.io/docs/concepts/policy/resource-quotas/"
        "#quota-for-extended-resources",
    .needs = {Kind::pod, Kind::resource_quota},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
