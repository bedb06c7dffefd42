// Quotas that turn away every pod that does not say what it needs.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

// What a container must state under a quota with this key: "limits" or "requests" of
// "cpu" or "memory"; empty for other keys.
struct Demand {
  std::string_view member;
  std::string_view resource;
};

Demand demand_of(std::string_view key) {
  if (key == "cpu" || key == "requests.cpu") return {"requests", "cpu"};
  if (key == "memory" || key == "requests.memory") return {"requests", "memory"};
  if (key == "limits.cpu") return {"limits", "cpu"};
  if (key == "limits.memory") return {"limits", "memory"};
  return {};
}

void check(const Facts& facts, Findings& findings) {
  for (const Quota& quota : facts.quotas) {
    if (quota.head.deleting) continue;
    const std::string_view ns = quota.head.ns;
    std::vector<std::string> open;
    for (const Quota::Entry& entry : quota.hard) {
      const Demand demand = demand_of(entry.key);
      if (demand.resource.empty()) continue;
      const bool given = demand.member == "limits"
                             ? facts.governance.defaults_limit(ns, demand.resource)
                             : facts.governance.defaults_request(ns, demand.resource);
      if (!given) open.push_back(entry.key.str());
    }
    if (open.empty()) continue;
    Finding finding;
    finding.object = quota.head.ref();
    finding.origin = quota.head.origin;
    finding.path = FieldPath() / "spec" / "hard" / open.front();
    finding.subject = "defaults";
    finding.observed = "no LimitRange that gives a default";
    finding.expected = "a LimitRange with defaults for containers";
    finding.message = "counts " + list_names(open, 4) + ", and no LimitRange" +
                      (facts.whole_cluster() ? "" : " of these files") +
                      " gives containers a default for " + (open.size() == 1 ? "it" : "them");
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_quota_no_defaults;
constinit const Rule k_quota_no_defaults = {
    .id = "quota-no-defaults",
    .severity = Severity::info,
    .category = Category::quota,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A quota on CPU or memory has no defaults beside it",
    .why =
        "The API server rejects every pod there whose containers do not all state what the quota "
        "counts, debug and operator pods among them.",
    .fix =
        "Add a LimitRange to the namespace: spec: {limits: [{type: Container, defaultRequest: "
        "{cpu: 100m, memory: 128Mi}, default: {cpu: \"1\", memory: 1Gi}}]}.",
    .reference = "https://kubernetes.io/docs/concepts/policy/limit-range/",
    .needs = {Kind::resource_quota, Kind::limit_range},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
