#include <kai/audit/facts/rbac.hpp>

#include <kai/audit/facts/facts.hpp>
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/system_subjects.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>

namespace kai::audit {

std::string RoleSubject::to_string() const {
  std::string text = kind.str() + " ";
  if (!ns.empty()) text += ns.str() + "/";
  return text + name.str();
}

bool is_system_subject(const RoleSubject& subject) {
  return is_system_subject(subject.kind, subject.ns, subject.name);
}

std::vector<Grant> grants_of(const Facts& facts, const Role& role) {
  std::vector<Grant> grants;
  const auto look = [&](const std::vector<RoleBinding>& bindings) {
    for (const RoleBinding& binding : bindings) {
      if (binding.role_name != role.head.name || binding.role_kind != role.head.kind) continue;
      if (!role.cluster_wide() && binding.head.ns != role.head.ns) continue;
      for (const RoleSubject& subject : binding.subjects) {
        if (!is_system_subject(subject)) grants.push_back({&binding, &subject});
      }
    }
  };
  look(facts.cluster_role_bindings);
  look(facts.role_bindings);
  return grants;
}

std::string describe_grants(const std::vector<Grant>& grants) {
  std::vector<std::string> names;
  for (const Grant& grant : grants) {
    names.push_back(grant.subject->to_string() + " (" + grant.binding->head.ref().to_string() +
                    ")");
  }
  return list_names(names);
}

const Role* role_of(const Facts& facts, const RoleBinding& binding) {
  const bool cluster_wide = binding.role_kind == std::string_view("ClusterRole");
  const auto& roles = cluster_wide ? facts.cluster_roles : facts.roles;
  const auto found = std::find_if(roles.begin(), roles.end(), [&](const Role& role) {
    return role.head.name == binding.role_name && (cluster_wide || role.head.ns == binding.head.ns);
  });
  return found == roles.end() ? nullptr : &*found;
}

Patch remove_subject(const RoleSubject& subject) {
  const FieldPath path = FieldPath() / "subjects" / std::size_t{subject.index};
  // Lists shift: the patch must not hit somebody else.
  return {Patch::Type::json,
          model::Json::array(
              {{{"op", "test"}, {"path", (path / "name").pointer()}, {"value", subject.name.str()}},
               {{"op", "remove"}, {"path", path.pointer()}}})};
}

}  // namespace kai::audit
