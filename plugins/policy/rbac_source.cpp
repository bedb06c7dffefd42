#include "rbac_source.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/cli/object_files.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

namespace kai::policy {

namespace {

constexpr std::array<std::string_view, 4> k_kinds = {"ClusterRole", "ClusterRoleBinding", "Role",
                                                     "RoleBinding"};
constexpr std::size_t k_cluster_kinds = 2;

void add_cluster_admin(model::Rbac& rbac) {
  rbac.add({{"apiVersion", model::k_rbac_api},
            {"kind", "ClusterRole"},
            {"metadata", {{"name", "cluster-admin"}}},
            {"rules",
             {{{"verbs", {"*"}}, {"apiGroups", {"*"}}, {"resources", {"*"}}},
              {{"verbs", {"*"}}, {"nonResourceURLs", {"*"}}}}}});
}

// Each role once, with the first binding that names it.
std::vector<NotSeen> missing_roles(const model::Rbac& rbac, RbacPart part, const std::string& ns) {
  std::map<model::ObjectRef, std::pair<std::string, std::size_t>> missing;
  for (const auto& [key, binding] : rbac.bindings()) {
    const bool counts = binding.cluster_wide() || (part == RbacPart::cluster_and_namespaces &&
                                                   (ns.empty() || binding.ns == ns));
    if (!counts || binding.subjects.empty() || rbac.rules_of(binding) != nullptr) continue;
    auto& [first, count] = missing[binding.role_ref()];
    if (count++ == 0) first = binding.ref().to_string();
  }
  std::vector<NotSeen> roles;
  for (const auto& [role, naming] : missing) {
    const auto& [first, count] = naming;
    roles.push_back({role.to_string(), "the files do not have it, and " + first +
                                           (count > 1 ? " and others name it" : " names it")});
  }
  return roles;
}

}  // namespace

Result<RbacSeen> read_rbac(kube::Client& client, RbacPart part, const std::string& ns) {
  RbacSeen seen;
  std::mutex mutex;
  const auto list = [&](std::string_view kind) -> Result<> {
    KAI_TRY_ASSIGN(const auto type, client.resource_type(model::k_rbac_api, kind));
    kube::ListOptions options;
    if (type.namespaced) options.ns = ns;
    return client.list(type, options, [&](model::Resource&& object) -> Result<> {
      const std::lock_guard lock(mutex);
      seen.rbac.add(object.json());
      return {};
    });
  };
  const std::size_t kinds = part == RbacPart::cluster ? k_cluster_kinds : k_kinds.size();
  std::vector<Result<>> results(kinds);
  apply::parallel(kinds, [&](std::size_t i) { results[i] = list(k_kinds.at(i)); });
  for (std::size_t i = 0; i < kinds; ++i) {
    if (results[i]) continue;
    Error error = std::move(results[i]).error();
    if (error.code != ErrorCode::forbidden) return fail(std::move(error));
    seen.not_seen.push_back({std::string(k_kinds.at(i)), std::move(error.message)});
  }
  return seen;
}

Result<RbacSeen> read_rbac_files(const std::vector<std::string>& paths,
                                 const std::string& default_ns, std::istream& in, RbacPart part,
                                 const std::string& ns) {
  RbacSeen seen;
  add_cluster_admin(seen.rbac);
  KAI_TRY(cli::read_objects(paths, in, [&](model::Resource&& object, const Location&) -> Result<> {
    seen.rbac.add(object.json(), default_ns);
    return {};
  }));
  seen.not_seen = missing_roles(seen.rbac, part, ns);
  return seen;
}

}  // namespace kai::policy
