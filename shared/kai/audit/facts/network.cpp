#include <kai/audit/facts/network.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

bool demands_a_value(const model::LabelSelector::Requirement& requirement) {
  using Operator = model::LabelSelector::Operator;
  return (requirement.op == Operator::equals || requirement.op == Operator::in) &&
         requirement.values.size() == 1;
}

void append(Policies& policies, const Policies& more) {
  policies.insert(policies.end(), more.begin(), more.end());
}

}  // namespace

bool has_foreign_policies(const Facts& facts, std::string_view ns) {
  const auto& policies = facts.security.foreign_policies;
  return std::any_of(policies.begin(), policies.end(), [&](const ForeignPolicy& policy) {
    return policy.head.ns.empty() || policy.head.ns == ns;
  });
}

PolicyIndex::PolicyIndex(const Facts& facts) {
  for (const NetworkPolicy& policy : facts.network_policies) {
    OfNamespace& here = m_namespaces[policy.head.ns];
    here.all.push_back(&policy);
    if (policy.pods.empty()) {
      here.unconditional.push_back(&policy);
      continue;
    }
    here.by_selector[policy.pods.to_string()].push_back(&policy);
    const auto& terms = policy.pods.requirements();
    const auto one = std::find_if(terms.begin(), terms.end(), &demands_a_value);
    if (one == terms.end()) {
      here.others.push_back(&policy);
    } else {
      here.by_value[{one->key, one->values.front()}].push_back(&policy);
    }
  }
}

const Policies& PolicyIndex::of(std::string_view ns) const {
  static const Policies k_none;
  const auto found = m_namespaces.find(ns);
  return found == m_namespaces.end() ? k_none : found->second.all;
}

Policies PolicyIndex::selecting(std::string_view ns, const LabelSet& labels) const {
  const auto found = m_namespaces.find(ns);
  if (found == m_namespaces.end()) return {};
  const OfNamespace& here = found->second;
  Policies candidates = here.others;
  for (const Label* const label : labels.items()) {
    const auto with_value = here.by_value.find({label->key, label->value});
    if (with_value != here.by_value.end()) append(candidates, with_value->second);
  }
  if (!candidates.empty()) {
    const model::Labels map = labels.to_map();
    std::erase_if(candidates, [&](const auto* policy) { return !policy->pods.matches(map); });
  }
  append(candidates, here.unconditional);
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

Policies PolicyIndex::selecting_alike(const NetworkPolicy& policy) const {
  const OfNamespace& here = m_namespaces.at(policy.head.ns);
  Policies alike = here.unconditional;
  if (!policy.pods.empty()) append(alike, here.by_selector.at(policy.pods.to_string()));
  std::sort(alike.begin(), alike.end());
  return alike;
}

bool is_on_pod_network(const Subject& subject) {
  return !subject.finished && !subject.spec->host_network;
}

}  // namespace kai::audit
