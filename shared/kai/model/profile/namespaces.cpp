#include <kai/model/names.hpp>
#include <kai/model/profile/sections.hpp>

#include <map>
#include <set>

namespace kai::model {

namespace {

using Type = FieldType;

constexpr Field k_pod_security[] = {
    {"enforce", Type::text},        {"audit", Type::text},        {"warn", Type::text},
    {"enforceVersion", Type::text}, {"auditVersion", Type::text}, {"warnVersion", Type::text},
    {"version", Type::text},
};

constexpr Field k_subject[] = {
    {"kind", Type::text}, {"name", Type::text}, {"namespace", Type::text}};

constexpr Field k_role[] = {{"name", Type::text}, {"subjects", Type::list, k_subject}};

bool is_digits(std::string_view text) {
  return !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == text.npos;
}

std::optional<std::string> read_level(const ProfileValue& value) {
  return value.one_of({"privileged", "baseline", "restricted"});
}

std::optional<std::string> read_version(const ProfileValue& value) {
  auto version = value.text();
  if (version && version != "latest" &&
      !(version->starts_with("v1.") && is_digits(std::string_view(*version).substr(3)))) {
    value.problem("must be latest or a minor version such as v1.34, not \"" + *version + "\"");
    return std::nullopt;
  }
  return version;
}

PodSecurityProfile read_pod_security(const ProfileValue& section) {
  PodSecurityProfile security;
  if (section.text()) {
    if (const auto level = read_level(section)) {
      security.enforce = security.audit = security.warn = PodSecurityMode{*level, std::nullopt};
    }
    return security;
  }
  const auto version = read_version(section["version"]);
  const auto read_mode = [&](std::string_view mode) -> std::optional<PodSecurityMode> {
    const auto level = read_level(section[mode]);
    const ProfileValue own = section[std::string(mode) + "Version"];
    auto own_version = read_version(own);
    if (!level) {
      if (own.is_present() && !section[mode].is_present() && !section["enforce"].is_present()) {
        own.problem("is a version without a level");
      }
      return std::nullopt;
    }
    return PodSecurityMode{*level, own_version ? own_version : version};
  };
  security.enforce = read_mode("enforce");
  const auto read_following = [&](std::string_view mode) {
    auto own = read_mode(mode);
    if (own || !security.enforce) return own;
    const auto own_version = section[std::string(mode) + "Version"].text();
    own = security.enforce;
    if (own_version) own->version = own_version;
    return own;
  };
  security.audit = read_following("audit");
  security.warn = read_following("warn");
  if (section.is_present() && section.json().is_object() && !section["enforce"].is_present() &&
      !section["audit"].is_present() && !section["warn"].is_present()) {
    section.problem("names no level: enforce, audit and warn are all missing");
  }
  return security;
}

ContainerDefaults read_defaults(const ProfileValue& section) {
  ContainerDefaults defaults;
  defaults.requests = read_amounts(section, AmountsOf::container);
  defaults.limits = defaults.requests;
  const auto read_own = [&](std::string_view key, ResourceAmounts& amounts) {
    const ProfileValue own = section[key];
    if (!own.is_present()) return;
    if (!own.json().is_object()) return own.wrong_type("a map");
    for (const auto& [resource, amount] : read_amounts(own, AmountsOf::container)) {
      amounts.insert_or_assign(resource, amount);
    }
  };
  read_own("requests", defaults.requests);
  read_own("limits", defaults.limits);
  for (const auto& [resource, request] : defaults.requests) {
    const auto limit = defaults.limits.find(resource);
    if (limit != defaults.limits.end() && request > limit->second) {
      section.problem("request more " + resource + " (" + request.to_string() +
                      ") than they limit it to (" + limit->second.to_string() + ")");
    }
  }
  return defaults;
}

RoleSubject read_subject(const ProfileValue& item, const std::string& own_namespace) {
  RoleSubject subject;
  const ProfileValue name = item.required("name");
  subject.kind = item.required("kind").one_of({"User", "Group", "ServiceAccount"}).value_or("");
  subject.name = name.text().value_or("");
  const ProfileValue space = item["namespace"];
  if (name.text() && subject.name.empty()) name.problem("must not be empty");
  if (subject.kind == "ServiceAccount") {
    if (!subject.name.empty()) name.expect(check_dns_subdomain(subject.name));
    subject.namespace_name = space.text().value_or(own_namespace);
    if (space.text()) space.expect(check_dns_label(subject.namespace_name));
  } else if (!subject.kind.empty() && space.is_present()) {
    space.problem("is for ServiceAccounts: a " + subject.kind + " belongs to no namespace");
  }
  return subject;
}

std::vector<RoleProfile> read_roles(const ProfileValue& section, const std::string& own_namespace) {
  std::vector<RoleProfile> roles;
  std::map<std::string, int> lines;
  for (const ProfileValue& item : section.items()) {
    RoleProfile role;
    role.location = item.location();
    const ProfileValue name = item.required("name");
    role.name = name.one_of({k_role_researcher, k_role_operator}).value_or("");
    if (!role.name.empty()) {
      const auto [first, is_new] = lines.emplace(role.name, role.location.line);
      if (!is_new) {
        name.problem("\"" + role.name + "\" is already in line " + std::to_string(first->second) +
                     ": put all subjects there");
      }
    }
    std::set<RoleSubject> seen;
    const ProfileValue subjects = item.required("subjects");
    for (const ProfileValue& entry : subjects.items()) {
      RoleSubject subject = read_subject(entry, own_namespace);
      if (!subject.name.empty() && !seen.insert(subject).second) {
        entry.problem("names " + subject.kind + " \"" + subject.name + "\" a second time");
      }
      role.subjects.push_back(std::move(subject));
    }
    if (subjects.is_present() && subjects.json().is_array() && role.subjects.empty()) {
      subjects.problem("must not be empty: a role that nobody has grants nothing");
    }
    roles.push_back(std::move(role));
  }
  return roles;
}

// A quota on cpu or memory rejects every pod that does not say how much it needs.
void warn_of_rejection(const NamespaceProfile& space, const ProfileValue& section) {
  if (!space.quota) return;
  constexpr std::string_view k_requests = "requests.";
  constexpr std::string_view k_limits = "limits.";
  std::string list;
  for (const auto& [key, amount] : *space.quota) {
    std::string_view resource = key;
    const bool is_limit = resource.starts_with(k_limits);
    if (is_limit) resource.remove_prefix(k_limits.size());
    if (resource.starts_with(k_requests)) resource.remove_prefix(k_requests.size());
    if (resource != "cpu" && resource != "memory") continue;
    const ContainerDefaults none;
    const ContainerDefaults& defaults = space.defaults ? *space.defaults : none;
    const bool is_covered =
        is_limit ? defaults.limits.contains(resource)
                 : defaults.requests.contains(resource) || defaults.limits.contains(resource);
    if (!is_covered) list += (list.empty() ? "" : ", ") + key;
  }
  if (list.empty()) return;
  section.warning("counts " + list + ", so pods that do not say theirs are rejected: add defaults");
}

}  // namespace

std::span<const Field> namespace_fields() {
  static const std::vector<Field> fields = {
      {"name", Type::text},          {"podSecurity", Type::text_or_fields, k_pod_security},
      {"quota", Type::map},          {"quotaByPriority", Type::map},
      {"defaults", Type::map},       {"network", Type::fields, network_fields()},
      {"roles", Type::list, k_role},
  };
  return fields;
}

std::vector<NamespaceProfile> read_namespaces(const ProfileValue& section) {
  std::vector<NamespaceProfile> namespaces;
  std::map<std::string, int> lines;
  for (const ProfileValue& item : section.items()) {
    NamespaceProfile space;
    space.location = item.location();
    const ProfileValue name = item.required("name");
    if (auto text = name.text()) {
      space.name = *std::move(text);
      name.expect(check_dns_label(space.name));
      const auto [first, is_new] = lines.emplace(space.name, space.location.line);
      if (!is_new) {
        name.problem("\"" + space.name + "\" is already in line " + std::to_string(first->second));
      }
    }
    if (const auto security = item["podSecurity"]; security.is_present()) {
      space.pod_security = read_pod_security(security);
    }
    if (const auto quota = item["quota"]; quota.is_present()) {
      space.quota = read_amounts(quota, AmountsOf::quota);
    }
    for (const auto& [priority, hard] : item["quotaByPriority"].members()) {
      hard.expect(check_dns_subdomain(priority));
      if (!hard.json().is_object()) {
        hard.wrong_type("a map of amounts");
        continue;
      }
      space.quota_by_priority.emplace(priority, read_amounts(hard, AmountsOf::priority_quota));
    }
    if (const auto defaults = item["defaults"]; defaults.is_present()) {
      space.defaults = read_defaults(defaults);
    }
    if (const auto network = item["network"]; network.is_present()) {
      space.network = read_network(network);
    }
    space.roles = read_roles(item["roles"], space.name);
    warn_of_rejection(space, item["quota"]);
    namespaces.push_back(std::move(space));
  }
  return namespaces;
}

}  // namespace kai::model
