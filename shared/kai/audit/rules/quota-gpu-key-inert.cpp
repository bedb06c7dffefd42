// Quota keys for GPUs that the API server accepts and never counts.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// The resource that an inert key is about; empty for keys that count.
std::string_view inert_resource(std::string_view key) {
  if (model::is_gpu_resource(key)) return key;
  constexpr std::string_view k_limits = "limits.";
  if (!key.starts_with(k_limits)) return {};
  key.remove_prefix(k_limits.size());
  return model::is_gpu_resource(key) ? key : std::string_view();
}

void check(const Facts& facts, Findings& findings) {
  if (has_hami(facts)) return;  // its scheduler counts limits.nvidia.com/gpu itself
  for (const Quota& quota : facts.quotas) {
    for (const Quota::Entry& entry : quota.hard) {
      const std::string_view resource = inert_resource(entry.key);
      if (resource.empty()) continue;
      const std::string counting = "requests." + std::string(resource);
      const FieldPath hard = FieldPath() / "spec" / "hard";
      Finding finding;
      finding.object = quota.head.ref();
      finding.origin = quota.head.origin;
      finding.path = hard / entry.key.view();
      finding.subject = entry.key.str();
      finding.observed = entry.key.str() + ": " + entry.amount.str();
      finding.expected = counting + ": " + entry.amount.str();
      finding.message = entry.key.str() + " limits nothing: Kubernetes counts GPUs by " + counting;
      finding.patch =
          Patch{Patch::Type::json,
                model::Json::array({{{"op", "remove"}, {"path", finding.path.pointer()}}})};
      const bool present = std::any_of(
          quota.hard.begin(), quota.hard.end(),
          [&](const Quota::Entry& other) { return other.key == std::string_view(counting); });
      if (!present) {
        finding.patch->body.push_back(
            {{"op", "add"}, {"path", (hard / counting).pointer()}, {"value", entry.amount.str()}});
      }
      findings.add(std::move(finding));
    }
  }
}

}  // namespace

extern const Rule k_quota_gpu_key_inert;
constinit const Rule k_quota_gpu_key_inert = {
    .id = "quota-gpu-key-inert",
    .severity = Severity::error,
    .category = Category::quota,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A GPU quota has a key that is never counted",
    .why =
        "For extended resources only requests.<resource> counts. The API server accepts "
        "limits.<resource> and the bare name, shows them in status.hard, and stops nothing.",
    .fix = "Use requests.<resource>, such as requests.nvidia.com/gpu, in spec.hard.",
    .reference =
        "https://kubernetes.io/docs/concepts/policy/resource-quotas/"
        "#quota-for-extended-resources",
    .needs = {Kind::resource_quota},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
