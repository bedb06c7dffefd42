#include <kai/model/rbac.hpp>

namespace kai::model {

namespace {

constexpr std::string_view k_all = "*";

const Json& list_at(const Json& object, std::string_view key) {
  static const Json k_none = Json::array();
  const Json* const list = find_path(object, {key});
  return list != nullptr && list->is_array() ? *list : k_none;
}

std::vector<std::string> strings_at(const Json& object, std::string_view key) {
  std::vector<std::string> values;
  for (const Json& value : list_at(object, key)) {
    if (value.is_string()) values.push_back(value.get<std::string>());
  }
  return values;
}

// "/metrics/*" is whatever begins with "/metrics/".
bool url_matches(std::string_view item, std::string_view url) {
  if (item == k_all || item == url) return true;
  return item.ends_with('*') && url.starts_with(item.substr(0, item.find_last_not_of('*') + 1));
}

// Which objects are named is not known when they are made or deleted together.
bool names_can_count(const AccessRequest& request) {
  return request.url.empty() && request.name.empty() && request.verb != "deletecollection" &&
         (request.verb != "create" || !request.subresource.empty());
}

bool is_good_for(const RbacBinding& binding, const AccessRequest& request, Namespaces namespaces) {
  if (binding.cluster_wide()) return true;
  return request.url.empty() && (namespaces == Namespaces::all || binding.ns == request.ns);
}

std::vector<RbacSubject> subjects_of(const Json& binding, const std::string& ns) {
  std::vector<RbacSubject> subjects;
  for (const Json& entry : list_at(binding, "subjects")) {
    RbacSubject subject{
        std::string(string_at(entry, {"kind"})), {}, std::string(string_at(entry, {"name"}))};
    if (subject.kind == "ServiceAccount") {
      subject.ns = string_at(entry, {"namespace"});
      if (subject.ns.empty()) subject.ns = ns;
      if (subject.ns.empty()) continue;  // nobody is meant
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

}  // namespace

std::string AccessRequest::to_string() const {
  if (!url.empty()) return verb + " " + url;
  std::string text = verb + " " + resource;
  if (!group.empty() && group != k_all) text += "." + group;
  if (!subresource.empty()) text += "/" + subresource;
  if (!name.empty()) text += " \"" + name + "\"";
  if (!ns.empty()) text += " in namespace " + ns;
  return text;
}

bool rbac_resource_matches(std::string_view item, std::string_view resource,
                           std::string_view subresource) {
  if (item == k_all) return true;
  if (subresource.empty()) return item == resource;
  const std::size_t slash = item.find('/');
  if (slash == std::string_view::npos || item.substr(slash + 1) != subresource) return false;
  const std::string_view of = item.substr(0, slash);
  return of == resource || of == k_all;
}

PolicyRule PolicyRule::from_json(const Json& rule) {
  return {strings_at(rule, "verbs"), strings_at(rule, "apiGroups"), strings_at(rule, "resources"),
          strings_at(rule, "resourceNames"), strings_at(rule, "nonResourceURLs")};
}

bool PolicyRule::allows_some(const AccessRequest& request) const {
  if (request.url.empty()) {
    return covers_resource(*this, request.verb, request.group, request.resource,
                           request.subresource);
  }
  return has_or_all(verbs, request.verb) &&
         std::any_of(urls.begin(), urls.end(),
                     [&](const std::string& url) { return url_matches(url, request.url); });
}

bool PolicyRule::allows(const AccessRequest& request) const {
  return allows_some(request) &&
         (!request.url.empty() || names.empty() ||
          std::find(names.begin(), names.end(), request.name) != names.end());
}

std::string RbacSubject::to_string() const {
  return kind + " " + (ns.empty() ? name : ns + "/" + name);
}

ObjectRef RbacBinding::ref() const {
  return {std::string(k_rbac_api), cluster_wide() ? "ClusterRoleBinding" : "RoleBinding", ns, name};
}

ObjectRef RbacBinding::role_ref() const {
  return {std::string(k_rbac_api), role_kind, role_kind == "Role" ? ns : std::string(), role};
}

bool Rbac::add(const Json& object, std::string_view default_ns) {
  const std::string_view api_version = string_at(object, {"apiVersion"});
  if (Resource::group_of(api_version) != Resource::group_of(k_rbac_api)) return false;
  const std::string_view kind = string_at(object, {"kind"});
  const bool is_role = kind == "Role" || kind == "ClusterRole";
  if (!is_role && kind != "RoleBinding" && kind != "ClusterRoleBinding") return false;
  const bool is_cluster_wide = kind.starts_with("Cluster");
  std::string_view ns = string_at(object, {"metadata", "namespace"});
  if (ns.empty()) ns = default_ns;
  Name name(is_cluster_wide ? std::string_view() : ns, string_at(object, {"metadata", "name"}));
  if (is_role) {
    std::vector<PolicyRule> rules;
    for (const Json& rule : list_at(object, "rules")) rules.push_back(PolicyRule::from_json(rule));
    m_roles.insert_or_assign(std::move(name), std::move(rules));
    return true;
  }
  RbacBinding binding{name.first, name.second, std::string(string_at(object, {"roleRef", "kind"})),
                      std::string(string_at(object, {"roleRef", "name"})),
                      subjects_of(object, name.first)};
  m_bindings.insert_or_assign(std::move(name), std::move(binding));
  return true;
}

const std::vector<PolicyRule>* Rbac::rules_of(const RbacBinding& binding) const {
  const bool is_cluster_role = binding.role_kind == "ClusterRole";
  // A ClusterRoleBinding cannot give a Role.
  if (!is_cluster_role && (binding.role_kind != "Role" || binding.cluster_wide())) return nullptr;
  const auto found = m_roles.find({is_cluster_role ? std::string() : binding.ns, binding.role});
  return found == m_roles.end() ? nullptr : &found->second;
}

std::vector<AccessGrant> who_can(const Rbac& rbac, const AccessRequest& request,
                                 Namespaces namespaces) {
  std::vector<AccessGrant> grants;
  for (const auto& [key, binding] : rbac.bindings()) {
    const std::vector<PolicyRule>* const rules = rbac.rules_of(binding);
    if (rules == nullptr || !is_good_for(binding, request, namespaces)) continue;
    bool is_all = false;
    std::vector<std::string> names;
    for (const PolicyRule& rule : *rules) {
      if (rule.allows(request)) {
        is_all = true;
      } else if (names_can_count(request) && rule.allows_some(request)) {
        names.insert(names.end(), rule.names.begin(), rule.names.end());
      }
    }
    if (!is_all && names.empty()) continue;
    if (is_all) names.clear();
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const RbacSubject& subject : binding.subjects)
      grants.push_back({&subject, &binding, names});
  }
  return grants;
}

}  // namespace kai::model
