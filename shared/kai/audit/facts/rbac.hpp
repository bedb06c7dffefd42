// Roles and bindings as rules see them. Plain values.
#pragma once

#include <kai/audit/facts/head.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

struct RoleRule {
  std::vector<Text> verbs;
  std::vector<Text> groups;  // API groups; the core group is the empty text
  std::vector<Text> resources;
  bool named = false;       // resourceNames narrow it down
  std::uint16_t index = 0;  // in the role's rules
};

// A Role or a ClusterRole.
struct Role {
  Head head;
  // Without those about URLs; empty for Kubernetes' own roles, whose rules are well known.
  std::vector<RoleRule> rules;
  bool bootstrap = false;  // Kubernetes' own: it comes with every cluster

  [[nodiscard]] bool cluster_wide() const { return head.kind == std::string_view("ClusterRole"); }
};

struct RoleSubject {
  Text kind;  // User, Group, ServiceAccount
  Text ns;    // of a ServiceAccount
  Text name;
  std::uint16_t index = 0;  // in the binding's subjects

  [[nodiscard]] std::string to_string() const;
};

// A RoleBinding or a ClusterRoleBinding.
struct RoleBinding {
  Head head;
  Text role_kind;
  Text role_name;
  std::vector<RoleSubject> subjects;
  bool bootstrap = false;

  [[nodiscard]] bool cluster_wide() const {
    return head.kind == std::string_view("ClusterRoleBinding");
  }
};

struct Facts;

// Whether a subject is part of Kubernetes, or of the infrastructure that runs the cluster,
// which has its rights on purpose.
bool is_system_subject(const RoleSubject& subject);

// One right that a subject has through a binding. Points into the Facts.
struct Grant {
  const RoleBinding* binding = nullptr;
  const RoleSubject* subject = nullptr;
};
// Who has `role`: the subjects that are not the system's, in the bindings' order.
std::vector<Grant> grants_of(const Facts& facts, const Role& role);
// "Group researchers (RoleBinding ai/researchers) and User eve (…)"
std::string describe_grants(const std::vector<Grant>& grants);

// The role that a binding names; nullptr when it was not read.
const Role* role_of(const Facts& facts, const RoleBinding& binding);

// A JSON patch that takes the subject out of its binding.
struct Patch;
Patch remove_subject(const RoleSubject& subject);

}  // namespace kai::audit
