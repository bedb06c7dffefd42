#include <kai/audit/facts/network.hpp>

#include <algorithm>

namespace kai::audit {

bool has_foreign_policies(const Facts& facts, std::string_view ns) {
  const auto& policies = facts.security.foreign_policies;
  return std::any_of(policies.begin(), policies.end(), [&](const ForeignPolicy& policy) {
    return policy.head.ns.empty() || policy.head.ns == ns;
  });
}

PolicyIndex::PolicyIndex(const Facts& facts) {
  for (const NetworkPolicy& policy : facts.network_policies) {
    m_policies[policy.head.ns].push_back(&policy);
  }
}

const std::vector<const NetworkPolicy*>& PolicyIndex::of(std::string_view ns) const {
  static const std::vector<const NetworkPolicy*> k_none;
  const auto found = m_policies.find(ns);
  return found == m_policies.end() ? k_none : found->second;
}

bool PolicyIndex::selects(const NetworkPolicy& policy, const LabelSet& labels) const {
  if (policy.pods.empty()) return true;
  const auto [found, added] = m_labels.try_emplace(&labels);
  if (added) found->second = labels.to_map();
  return policy.pods.matches(found->second);
}

bool is_on_pod_network(const Subject& subject) {
  return !subject.finished && !subject.spec->host_network;
}

}  // namespace kai::audit
