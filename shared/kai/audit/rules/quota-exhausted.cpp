// Quotas that soon refuse pods, or already do.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/quantity.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace kai::audit {
namespace {

constexpr Threshold k_thresholds[] = {
    {"used", Threshold::Unit::percent, 90, "of a quota in use"},
};

// Milli-units where they are exact, whole ones for amounts beyond.
std::int64_t percent_of(const model::Quantity& used, const model::Quantity& hard) {
  constexpr auto k_most = std::numeric_limits<std::int64_t>::max();
  const bool large = used.milli_value() == k_most || hard.milli_value() == k_most;
  const auto part = static_cast<double>(large ? used.value() : used.milli_value());
  const auto whole = static_cast<double>(large ? hard.value() : hard.milli_value());
  return static_cast<std::int64_t>(std::min(part / whole * 100, 999.0));
}

// Of extended resources Kubernetes counts requests.<name> alone; what stands beside other
// keys is somebody else's count, with rules of its own (HAMi's).
bool is_counted(std::string_view key) {
  return key.find('/') == std::string_view::npos || key.starts_with("requests.") ||
         key.starts_with("count/") || key.find(".storageclass.storage.k8s.io/") != key.npos;
}

void check(const Facts& facts, Findings& findings) {
  for (const Quota& quota : facts.quotas) {
    if (quota.head.deleting) continue;
    for (const Quota::Entry& entry : quota.hard) {
      const auto used = model::Quantity::parse(entry.used);
      const auto hard = model::Quantity::parse(entry.amount);
      if (!is_counted(entry.key)) continue;
      // Zero means that there shall be none, and that is no shortage.
      if (entry.used.empty() || !used || !hard || *hard <= model::Quantity()) continue;
      const std::int64_t percent = percent_of(*used, *hard);
      if (percent < facts.thresholds.of(k_thresholds[0])) continue;
      const std::string amounts = entry.used.str() + " of " + entry.amount.str();
      Finding finding;
      finding.object = quota.head.ref();
      finding.origin = quota.head.origin;
      finding.path = FieldPath() / "spec" / "hard" / entry.key.view();
      finding.subject = entry.key.str();
      finding.observed = amounts;
      finding.expected = "less than 90 % used";
      finding.message =
          entry.key.str() + ": " + amounts + " used" +
          (*used >= *hard ? ", the next is refused" : " (" + std::to_string(percent) + " %)");
      findings.add(std::move(finding));
    }
  }
}

}  // namespace

extern const Rule k_quota_exhausted;
constinit const Rule k_quota_exhausted = {
    .id = "quota-exhausted",
    .severity = Severity::warning,
    .category = Category::quota,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A quota is used up, or nearly so",
    .why =
        "The API server refuses every pod beyond the quota. A Deployment then misses replicas, and "
        "a rolling update, which needs a pod more for a while, stops half-way.",
    .fix =
        "See who uses it with kubectl describe quota and kubectl get pods in that namespace; free "
        "what is idle, or raise the quota.",
    .reference = "https://kubernetes.io/docs/concepts/policy/resource-quotas/",
    .needs = {Kind::resource_quota},
    .reads = {},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
