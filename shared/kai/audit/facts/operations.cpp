#include <kai/audit/facts/operations.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// Objects without a namespace are sorted by name alone.
template <class T>
const T* find_cluster_object(const std::vector<T>& sorted, std::string_view name) {
  const auto found = std::lower_bound(
      sorted.begin(), sorted.end(), name,
      [](const T& entry, std::string_view wanted) { return entry.head.name.view() < wanted; });
  return found != sorted.end() && found->head.name == name ? &*found : nullptr;
}

// Whether a "[…]" at the start of `pattern` has `c` in it, and what comes behind it.
bool matches_class(std::string_view& pattern, char c) {
  const std::size_t close = pattern.find(']', 1);
  if (close == std::string_view::npos) return false;
  const std::string_view set = pattern.substr(1, close - 1);
  pattern.remove_prefix(close + 1);
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      if (c >= set[i] && c <= set[i + 2]) return true;
      i += 2;
    } else if (set[i] == c) {
      return true;
    }
  }
  return false;
}

bool any_covers(const std::vector<std::string>& patterns, std::string_view ns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_glob(pattern, ns); });
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name) {
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      pattern.remove_prefix(1);
      if (pattern.empty()) return true;
      for (std::size_t from = 0; from <= name.size(); ++from) {
        if (matches_glob(pattern, name.substr(from))) return true;
      }
      return false;
    }
    if (name.empty()) return false;
    if (pattern.front() == '[') {
      if (!matches_class(pattern, name.front())) return false;
    } else {
      if (pattern.front() != '?' && pattern.front() != name.front()) return false;
      pattern.remove_prefix(1);
    }
    name.remove_prefix(1);
  }
  return name.empty();
}

Seconds Backup::time() const {
  if (completed > 0) return completed;
  return started > 0 ? started : head.created;
}

bool BackupSchedule::covers(std::string_view ns) const {
  return (included.empty() || any_covers(included, ns)) && !any_covers(excluded, ns);
}

bool EncryptionConfiguration::Entry::covers_secrets() const {
  return std::any_of(resources.begin(), resources.end(), [](const std::string& resource) {
    return resource == "secrets" || resource == "*." || resource == "*.*";
  });
}

std::span<const ClaimUse> Operations::uses_of(const PersistentVolumeClaim& claim) const {
  using Name = std::pair<std::string_view, std::string_view>;
  struct Less {
    static Name name_of(const ClaimUse& use) { return {use.ns, use.claim}; }
    bool operator()(const ClaimUse& use, const Name& name) const { return name_of(use) < name; }
    bool operator()(const Name& name, const ClaimUse& use) const { return name < name_of(use); }
  };
  const auto [first, last] = std::equal_range(claim_uses.begin(), claim_uses.end(),
                                              Name(claim.head.ns, claim.head.name), Less());
  return {first, last};
}

const PersistentVolume* Operations::volume(std::string_view name) const {
  return find_cluster_object(volumes, name);
}

const StorageClass* Operations::storage_class(std::string_view name) const {
  return find_cluster_object(storage_classes, name);
}

bool holds_user_data(const PersistentVolumeClaim& claim) {
  return !claim.head.deleting && !WellKnown::get().is_system_namespace(claim.head.ns);
}

bool has_velero(const Facts& facts) {
  const Operations& operations = *facts.operations;
  return !operations.schedules.empty() || !operations.backups.empty() ||
         !operations.backup_locations.empty();
}

bool has_other_backup(const Facts& facts) {
  const OtherTools& tools = OtherTools::get();
  return std::any_of(facts.templates.begin(), facts.templates.end(), [&](const PodTemplate& pod) {
    return std::any_of(
        pod.containers.begin(), pod.containers.end(),
        [&](const Container& container) { return tools.is_backup(container.image); });
  });
}

std::string velero_namespace(const Facts& facts) {
  const Operations& operations = *facts.operations;
  if (!operations.backup_locations.empty()) return operations.backup_locations[0].head.ns.str();
  if (!operations.schedules.empty()) return operations.schedules[0].head.ns.str();
  return operations.backups.empty() ? "velero" : operations.backups[0].head.ns.str();
}

const Backup* newest_backup(const Facts& facts, const std::function<bool(const Backup&)>& wanted) {
  const Backup* newest = nullptr;
  for (const Backup& backup : facts.operations->backups) {
    if (!wanted(backup)) continue;
    if (newest == nullptr || backup.time() > newest->time()) newest = &backup;
  }
  return newest;
}

}  // namespace kai::audit
