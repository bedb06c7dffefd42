// What the rules about NetworkPolicies share. Pure functions over facts.
#pragma once

#include <kai/audit/facts/facts.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::audit {

// Whether policies of another API (Cilium, Calico, the admin policies) act on the
// namespace: then NetworkPolicies alone do not say what is let through.
bool has_foreign_policies(const Facts& facts, std::string_view ns);

using Policies = std::vector<const NetworkPolicy*>;

// Which NetworkPolicies select which pods, by what label sets tell, without a look at every
// policy of a namespace for each of its pods. The facts must outlive it. Not for several
// threads.
class PolicyIndex {
 public:
  explicit PolicyIndex(const Facts& facts);

  // Those of a namespace. All lists are in the order of the facts.
  [[nodiscard]] const Policies& of(std::string_view ns) const;
  // Of these, those that select pods with the labels.
  [[nodiscard]] Policies selecting(std::string_view ns, const LabelSet& labels) const;
  // Of its namespace, those that surely select every pod that `policy` does: with the same
  // selector, itself among them, and with an empty one.
  [[nodiscard]] Policies selecting_alike(const NetworkPolicy& policy) const;

 private:
  using Value = std::pair<std::string_view, std::string_view>;  // a label's key and value

  struct OfNamespace {
    Policies all;
    Policies unconditional;                       // that select every pod
    Policies others;                              // that demand no single value of any label
    std::map<Value, Policies> by_value;           // the rest, by such a value
    std::map<std::string, Policies> by_selector;  // all but the unconditional
  };
  std::map<std::string_view, OfNamespace> m_namespaces;
};

// Pods that a NetworkPolicy can select: not on the host's network and not finished.
bool is_on_pod_network(const Subject& subject);

}  // namespace kai::audit
