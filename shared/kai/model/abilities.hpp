// Abilities: rights that lead to more than they say, as one table.
// https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks
// Pure functions.
#pragma once

#include <kai/model/rbac.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace kai::model {

enum class Ability {  // worst first
  everything,
  escalate,
  bind,
  impersonate,
  node_proxy,
  webhooks,
  certificates,
  secrets,
  tokens,
  exec,
  pods,
  volumes,
  namespaces,
};

// All of them, in their order.
std::span<const Ability> all_abilities();
// "nodes/proxy", "secrets": for tables, documents and flags.
std::string_view to_string(Ability ability);
std::optional<Ability> parse_ability(std::string_view word);
// What it lets somebody do: "read secrets".
std::string_view describe(Ability ability);

// A right that gives an ability.
struct Right {
  Ability ability;
  std::string_view verb;
  std::string_view group;
  std::string_view resource;
  std::string_view subresource;
  bool is_cluster_scoped = false;     // a RoleBinding does not give it
  bool is_one_object_enough = false;  // else a rule with resourceNames does not count
};
std::span<const Right> rights();

// Whether the rule gives it. `is_named`: resourceNames narrow the rule down. `is_cluster_wide`:
// by a ClusterRoleBinding.
template <class Rule>
bool gives(const Rule& rule, bool is_named, Ability ability, bool is_cluster_wide) {
  if (ability == Ability::everything) {
    return !is_named && covers_resource(rule, "*", "*", "*", "");
  }
  const auto all = rights();
  return std::any_of(all.begin(), all.end(), [&](const Right& right) {
    return right.ability == ability && (is_cluster_wide || !right.is_cluster_scoped) &&
           (!is_named || right.is_one_object_enough) &&
           covers_resource(rule, right.verb, right.group, right.resource, right.subresource);
  });
}

}  // namespace kai::model
