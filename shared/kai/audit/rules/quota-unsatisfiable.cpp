// Quotas that promise more GPUs than there are.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/gpu.hpp>
#include <kai/model/quantity.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// Nodes may come when pods ask for them: what is there now is no limit.
bool grows_by_itself(const Facts& facts) {
  const bool node = std::any_of(facts.nodes.begin(), facts.nodes.end(), [](const Node& found) {
    // The autoscalers of GKE and AKS run where nobody sees them.
    const std::string_view provider = found.provider;
    if (provider.starts_with("gce://") || provider.starts_with("azure://")) return true;
    const auto items = found.head.labels->items();
    return std::any_of(items.begin(), items.end(), [](const Label* label) {
      const std::string_view key = label->key;
      return key.starts_with("karpenter.") || key.starts_with("eks.amazonaws.com/compute-type") ||
             key.starts_with("node.kubernetes.io/cluster-autoscaler");
    });
  });
  if (node) return true;
  return std::any_of(facts.templates.begin(), facts.templates.end(), [](const PodTemplate& spec) {
    return std::any_of(spec.containers.begin(), spec.containers.end(),
                       [](const Container& container) {
                         const std::string_view repository = image_repository(container.image);
                         return repository.find("cluster-autoscaler") != std::string_view::npos ||
                                repository.find("karpenter") != std::string_view::npos;
                       });
  });
}

void check(const Facts& facts, Findings& findings) {
  if (facts.nodes.empty() || grows_by_itself(facts)) return;
  constexpr std::string_view k_requests = "requests.";
  for (const Quota& quota : facts.quotas) {
    if (quota.head.deleting) continue;
    for (const Quota::Entry& entry : quota.hard) {
      std::string_view resource = entry.key;
      if (!resource.starts_with(k_requests)) continue;
      resource.remove_prefix(k_requests.size());
      const auto hard = model::Quantity::parse(entry.amount);
      if (!model::is_gpu_resource(resource) || !hard) continue;
      model::Quantity all;
      for (const Node& node : facts.nodes) all += amount_of(node.capacity, resource);
      if (*hard <= all) continue;
      Finding finding;
      finding.object = quota.head.ref();
      finding.origin = quota.head.origin;
      finding.path = FieldPath() / "spec" / "hard" / entry.key.view();
      finding.subject = entry.key.str();
      finding.observed = entry.amount.str();
      finding.expected = "at most " + all.to_string();
      finding.message = "grants " + entry.amount.str() + " " + std::string(resource) +
                        (all.is_zero() ? ", which no node advertises"
                                       : ", and all nodes together have " + all.to_string());
      findings.add(std::move(finding));
    }
  }
}

}  // namespace

extern const Rule k_quota_unsatisfiable;
constinit const Rule k_quota_unsatisfiable = {
    .id = "quota-unsatisfiable",
    .severity = Severity::warning,
    .category = Category::quota,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A GPU quota is larger than the cluster",
    .why =
        "It limits nothing: the namespace can take every GPU, and its users plan with GPUs that do "
        "not exist.",
    .fix =
        "Lower the quota to the share that the team shall have, or see which nodes should "
        "advertise the resource and do not.",
    .reference =
        "https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-for-extended-resources",
    .needs = {Kind::resource_quota, Kind::node, Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
