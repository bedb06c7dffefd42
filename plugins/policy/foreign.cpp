#include "foreign.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/audit/kinds.hpp>
#include <kai/model/resource.hpp>

#include <algorithm>
#include <utility>

namespace kai::policy {

namespace {

std::string_view group_of(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

std::string display_name(std::string_view group, std::string_view kind) {
  std::string name(kind);
  if (kind == "NetworkPolicy") name += "." + std::string(group);
  return name;
}

// Calico's own API server shows the NetworkPolicies of Kubernetes under such names.
bool is_mirror(std::string_view name) {
  return name.starts_with("knp.default.");
}

}  // namespace

bool ForeignPolicies::is_kind(std::string_view api_version, std::string_view kind) {
  const auto known = audit::kind_of(api_version, kind);
  return known && audit::k_foreign_policies.has(*known);
}

void ForeignPolicies::add(std::string_view api_version, std::string_view kind, std::string_view ns,
                          std::string_view name) {
  if (!is_kind(api_version, kind) || is_mirror(name)) return;
  std::string full(name);
  if (audit::info(*audit::kind_of(api_version, kind)).scope == audit::KindScope::namespaced) {
    if (m_namespaces.count(std::string(ns)) == 0) return;
    full = std::string(ns) + "/" + full;
  }
  m_found[display_name(group_of(api_version), kind)].insert(std::move(full));
}

void ForeignPolicies::read(kube::Client& client) {
  const auto catalog = client.catalog();
  if (!catalog) {
    m_unread.push_back("whether there are policies of other kinds is not known: " +
                       catalog.error().message);
    return;
  }
  // A kind's first version is the one that its server prefers.
  std::map<std::pair<std::string, std::string>, const kube::ResourceType*> served;
  for (const kube::ResourceType& type : catalog->resources) {
    if (is_kind(type.api_version(), type.kind) && type.allows("list")) {
      served.emplace(std::pair(type.group, type.kind), &type);
    }
  }
  std::vector<const kube::ResourceType*> types;
  types.reserve(served.size());
  for (const auto& [key, type] : served) types.push_back(type);
  struct Answer {
    std::vector<std::pair<std::string, std::string>> objects;
    Result<> read;
  };
  std::vector<Answer> answers(types.size());
  apply::parallel(types.size(), [&](std::size_t i) {
    kube::ListOptions list;
    list.metadata_only = true;
    answers[i].read =
        client.list(*types[i], list, [&answer = answers[i]](model::Resource&& object) -> Result<> {
          answer.objects.emplace_back(object.ns(), object.name());
          return {};
        });
  });
  for (std::size_t i = 0; i < types.size(); ++i) {
    const kube::ResourceType& type = *types[i];
    for (const auto& [ns, name] : answers[i].objects) add(type.api_version(), type.kind, ns, name);
    if (!answers[i].read) {
      m_unread.push_back("whether a " + display_name(type.group, type.kind) +
                         " says otherwise is not known: " + answers[i].read.error().message);
    }
  }
}

std::vector<std::string> ForeignPolicies::notes() const {
  std::vector<std::string> notes;
  for (const auto& [kind, names] : m_found) {
    std::string note = kind + " " + *names.begin();
    if (names.size() > 1) note += " and " + std::to_string(names.size() - 1) + " more of its kind";
    note += names.size() > 1 ? " were not evaluated: they" : " was not evaluated: it";
    notes.push_back(note + " may decide otherwise");
  }
  notes.insert(notes.end(), m_unread.begin(), m_unread.end());
  return notes;
}

}  // namespace kai::policy
