#include <kai/audit/facts/operations.hpp>
#include <kai/audit/facts/read_operations.hpp>
#include <kai/audit/facts/reader.hpp>
#include <kai/audit/facts/time.hpp>

#include <algorithm>
#include <tuple>

namespace kai::audit {
namespace {

using model::Json;

std::optional<model::LabelSelector> read_selector(const Json& object,
                                                  std::initializer_list<std::string_view> path) {
  const Json* const selector = model::find_path(object, path);
  if (selector == nullptr || selector->is_null()) return std::nullopt;
  auto parsed = model::LabelSelector::from_json(*selector);
  if (!parsed) return std::nullopt;
  return *std::move(parsed);
}

std::vector<std::string> strings_at(const Json& object,
                                    std::initializer_list<std::string_view> path) {
  std::vector<std::string> strings;
  for (const Json& value : array_at(object, path)) {
    if (value.is_string()) strings.push_back(value.get<std::string>());
  }
  return strings;
}

bool is_set(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* const found = model::find_path(object, path);
  return found != nullptr && !found->is_null();
}

class Reader {
 public:
  Reader(const Json& object, const Head& head, Facts& facts)
      : m_object(object), m_head(head), m_texts(facts.texts), m_operations(*facts.operations) {}

  // False when the kind is none of these.
  bool read(Kind kind) {
    switch (kind) {
      case Kind::persistent_volume: volume(); break;
      case Kind::persistent_volume_claim: claim(); break;
      case Kind::storage_class: storage_class(); break;
      case Kind::velero_backup: backup(); break;
      case Kind::velero_schedule: schedule(); break;
      case Kind::velero_location: location(); break;
      case Kind::velero_restore:
        m_operations.restores.push_back({m_head, text({"status", "phase"})});
        break;
      case Kind::service_monitor: m_operations.service_monitors.push_back({m_head}); break;
      case Kind::prometheus:
      case Kind::prometheus_agent:
        m_operations.prometheuses.push_back(
            {m_head, read_selector(m_object, {"spec", "serviceMonitorSelector"}),
             read_selector(m_object, {"spec", "serviceMonitorNamespaceSelector"})});
        break;
      case Kind::api_service: api_service(); break;
      default: return false;
    }
    return true;
  }

  [[nodiscard]] Seconds newest() const { return m_newest; }

 private:
  Text text(std::initializer_list<std::string_view> path) {
    return m_texts.intern(model::string_at(m_object, path));
  }
  Seconds time(std::initializer_list<std::string_view> path) {
    const Seconds at = parse_time(model::string_at(m_object, path));
    m_newest = std::max(m_newest, at);
    return at;
  }

  void volume() {
    PersistentVolume volume;
    volume.head = m_head;
    volume.phase = text({"status", "phase"});
    volume.reclaim_policy = text({"spec", "persistentVolumeReclaimPolicy"});
    volume.storage_class = text({"spec", "storageClassName"});
    volume.capacity = text({"spec", "capacity", "storage"});
    volume.claim_ns = text({"spec", "claimRef", "namespace"});
    volume.claim_name = text({"spec", "claimRef", "name"});
    volume.phase_since = time({"status", "lastPhaseTransitionTime"});
    if (is_set(m_object, {"spec", "local"})) volume.source = VolumeSource::local;
    if (is_set(m_object, {"spec", "hostPath"})) volume.source = VolumeSource::host_path;
    if (is_set(m_object, {"spec", "nodeAffinity", "required"})) {
      volume.node_terms.emplace();
      for (const Json& term :
           array_at(m_object, {"spec", "nodeAffinity", "required", "nodeSelectorTerms"})) {
        volume.node_terms->push_back(model::NodeSelectorTerm::from_json(term));
      }
    }
    m_operations.volumes.push_back(std::move(volume));
  }

  void claim() {
    PersistentVolumeClaim claim;
    claim.head = m_head;
    claim.phase = text({"status", "phase"});
    claim.volume = text({"spec", "volumeName"});
    if (is_set(m_object, {"spec", "storageClassName"})) {
      claim.storage_class = text({"spec", "storageClassName"});
    }
    if (const Json* annotations = model::find_path(m_object, {"metadata", "annotations"})) {
      claim.node_selected = is_set(*annotations, {"volume.kubernetes.io/selected-node"});
      const std::string_view old =
          model::string_at(*annotations, {"volume.beta.kubernetes.io/storage-class"});
      if (!claim.storage_class && !old.empty()) claim.storage_class = m_texts.intern(old);
    }
    m_operations.claims.push_back(claim);
  }

  void storage_class() {
    StorageClass found;
    found.head = m_head;
    found.provisioner = text({"provisioner"});
    found.immediate = model::string_at(m_object, {"volumeBindingMode"}, "Immediate") == "Immediate";
    if (const Json* annotations = model::find_path(m_object, {"metadata", "annotations"})) {
      found.is_default =
          model::string_at(*annotations, {"storageclass.kubernetes.io/is-default-class"}) ==
              "true" ||
          model::string_at(*annotations, {"storageclass.beta.kubernetes.io/is-default-class"}) ==
              "true";
    }
    m_operations.storage_classes.push_back(found);
  }

  void backup() {
    Backup backup;
    backup.head = m_head;
    backup.schedule = m_texts.intern(m_head.labels->get("velero.io/schedule-name").value_or(""));
    backup.phase = text({"status", "phase"});
    backup.started = time({"status", "startTimestamp"});
    backup.completed = time({"status", "completionTimestamp"});
    backup.errors = model::int_at(m_object, {"status", "errors"});
    std::string reason(model::string_at(m_object, {"status", "failureReason"}));
    for (const std::string& error : strings_at(m_object, {"status", "validationErrors"})) {
      reason += (reason.empty() ? "" : "; ") + error;
    }
    backup.reason = m_texts.intern(reason);
    m_operations.backups.push_back(backup);
  }

  void schedule() {
    BackupSchedule schedule;
    schedule.head = m_head;
    schedule.cron = text({"spec", "schedule"});
    schedule.phase = text({"status", "phase"});
    std::string invalid;
    for (const std::string& error : strings_at(m_object, {"status", "validationErrors"})) {
      invalid += (invalid.empty() ? "" : "; ") + error;
    }
    schedule.invalid = m_texts.intern(invalid);
    schedule.included = strings_at(m_object, {"spec", "template", "includedNamespaces"});
    schedule.excluded = strings_at(m_object, {"spec", "template", "excludedNamespaces"});
    if (is_set(m_object, {"spec", "template", "defaultVolumesToFsBackup"})) {
      schedule.saves_file_systems =
          model::bool_at(m_object, {"spec", "template", "defaultVolumesToFsBackup"});
    } else if (is_set(m_object, {"spec", "template", "defaultVolumesToRestic"})) {
      schedule.saves_file_systems =
          model::bool_at(m_object, {"spec", "template", "defaultVolumesToRestic"});
    }
    schedule.last_backup = time({"status", "lastBackup"});
    schedule.paused = model::bool_at(m_object, {"spec", "paused"});
    m_operations.schedules.push_back(std::move(schedule));
  }

  void location() {
    BackupLocation location;
    location.head = m_head;
    location.phase = text({"status", "phase"});
    location.message = text({"status", "message"});
    location.validated = time({"status", "lastValidationTime"});
    location.is_default = model::bool_at(m_object, {"spec", "default"});
    m_operations.backup_locations.push_back(location);
  }

  void api_service() {
    ApiService service;
    service.head = m_head;
    for (const Json& condition : array_at(m_object, {"status", "conditions"})) {
      if (model::string_at(condition, {"type"}) != "Available") continue;
      service.available = m_texts.intern(model::string_at(condition, {"status"}));
      service.reason = m_texts.intern(model::string_at(condition, {"reason"}));
      service.message = m_texts.intern(model::string_at(condition, {"message"}));
    }
    m_operations.api_services.push_back(service);
  }

  const Json& m_object;
  const Head& m_head;
  TextStore& m_texts;
  Operations& m_operations;
  Seconds m_newest = 0;
};

template <class T>
void sort_list(std::vector<T>& list) {
  std::sort(list.begin(), list.end(), [](const T& a, const T& b) {
    return std::tuple(a.head.ns.view(), a.head.name.view(), a.head.kind.view()) <
           std::tuple(b.head.ns.view(), b.head.name.view(), b.head.kind.view());
  });
}

bool lists(std::string_view names, std::string_view wanted) {
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    std::string_view name = names.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name == wanted) return true;
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return false;
}

}  // namespace

bool read_operations(Kind kind, const Json& object, const Head& head, Facts& facts,
                     Seconds& newest) {
  Reader reader(object, head, facts);
  if (!reader.read(kind)) return false;
  newest = std::max(newest, reader.newest());
  return true;
}

void read_claim_uses(const Json& object, const Pod& pod, Facts& facts) {
  if (pod.finished() || pod.deleting) return;
  std::string_view wanted;
  std::string_view excluded;
  if (const Json* annotations = model::find_path(object, {"metadata", "annotations"})) {
    wanted = model::string_at(*annotations, {"backup.velero.io/backup-volumes"});
    excluded = model::string_at(*annotations, {"backup.velero.io/backup-volumes-excludes"});
  }
  for (const Json& volume : array_at(object, {"spec", "volumes"})) {
    const std::string_view name = model::string_at(volume, {"name"});
    std::string claim(model::string_at(volume, {"persistentVolumeClaim", "claimName"}));
    if (claim.empty() && is_set(volume, {"ephemeral"}))
      claim = pod.name.str() + "-" + std::string(name);
    if (claim.empty()) continue;
    ClaimUse use;
    use.ns = pod.ns;
    use.claim = facts.texts.intern(claim);
    use.pod = pod.name;
    if (lists(wanted, name)) use.save = ClaimUse::Save::wanted;
    if (lists(excluded, name)) use.save = ClaimUse::Save::excluded;
    use.unscheduled = pod.node.empty();
    use.gated = pod.gated;
    use.waits_for_volumes = pod.message.empty() ||
                            pod.message.view().find("olume") != std::string_view::npos ||
                            pod.message.view().find("torage") != std::string_view::npos;
    facts.operations->claim_uses.push_back(use);
  }
}

void sort_operations(Operations& operations) {
  sort_list(operations.volumes);
  sort_list(operations.claims);
  sort_list(operations.storage_classes);
  sort_list(operations.backups);
  sort_list(operations.schedules);
  sort_list(operations.backup_locations);
  sort_list(operations.restores);
  sort_list(operations.service_monitors);
  sort_list(operations.prometheuses);
  sort_list(operations.api_services);
  sort_list(operations.kubelets);
  sort_list(operations.encryption);
  std::sort(operations.claim_uses.begin(), operations.claim_uses.end(),
            [](const ClaimUse& a, const ClaimUse& b) {
              return std::tuple(a.ns.view(), a.claim.view(), a.pod.view()) <
                     std::tuple(b.ns.view(), b.claim.view(), b.pod.view());
            });
}

}  // namespace kai::audit
