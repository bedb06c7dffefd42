// What the rules about NetworkPolicies share. Pure functions over facts.
#pragma once

#include <kai/audit/facts/facts.hpp>

#include <map>
#include <string_view>
#include <vector>

namespace kai::audit {

// Whether policies of another API (Cilium, Calico, the admin policies) act on the
// namespace: then NetworkPolicies alone do not say what is let through.
bool has_foreign_policies(const Facts& facts, std::string_view ns);

// Which NetworkPolicies select which pods, by what label sets tell.
class PolicyIndex {
 public:
  explicit PolicyIndex(const Facts& facts);

  // The policies of a namespace, in their order.
  [[nodiscard]] const std::vector<const NetworkPolicy*>& of(std::string_view ns) const;
  [[nodiscard]] bool selects(const NetworkPolicy& policy, const LabelSet& labels) const;

 private:
  std::map<std::string_view, std::vector<const NetworkPolicy*>> m_policies;
  mutable std::map<const LabelSet*, model::Labels> m_labels;
};

// Pods that a NetworkPolicy can select: not on the host's network and not finished.
bool is_on_pod_network(const Subject& subject);

}  // namespace kai::audit
