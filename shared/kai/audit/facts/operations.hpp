// Operations: what rules about storage, backups, monitoring and the configuration of
// nodes look at. Part of Facts, with the same ownership; a header of its own, so that
// only these rules see it. Lists are sorted by namespace and name.
#pragma once

#include <kai/audit/facts/facts.hpp>
#include <kai/audit/facts/platform.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kai::audit {

enum class VolumeSource : std::uint8_t { other, local, host_path };

struct PersistentVolume {
  Head head;
  Text phase;  // Available, Bound, Released, Failed
  Text reclaim_policy;
  Text storage_class;
  Text capacity;
  Text claim_ns;  // of the claim that it is or was bound to; empty: none
  Text claim_name;
  VolumeSource source = VolumeSource::other;
  Seconds phase_since = 0;
  // Required node affinity; nullopt: every node reaches it.
  std::optional<std::vector<model::NodeSelectorTerm>> node_terms;
};

struct PersistentVolumeClaim {
  Head head;
  Text phase;
  Text volume;
  std::optional<Text> storage_class;  // empty: volumes without a class; nullopt: the default
  bool node_selected = false;         // the scheduler has chosen a node and waits for the volume
};

struct StorageClass {
  Head head;
  Text provisioner;
  bool immediate = true;  // the API server's default
  bool is_default = false;
};

// A claim that a pod mounts.
struct ClaimUse {
  // What Velero's file system backup is told about the volume by the pod.
  enum class Save : std::uint8_t { unsaid, wanted, excluded };
  Text ns;
  Text claim;
  Text pod;
  Save save = Save::unsaid;
  bool unscheduled = false;
  bool gated = false;
  bool waits_for_volumes = false;  // so the scheduler says; or it says nothing
};

struct Backup {
  Head head;
  Text schedule;  // that made it; empty: a person did
  Text phase;
  Text reason;  // why it failed, as far as the object says
  Seconds started = 0;
  Seconds completed = 0;
  std::int64_t errors = 0;

  [[nodiscard]] Seconds time() const;
};

struct BackupSchedule {
  Head head;
  Text cron;
  Text phase;  // New, Enabled, FailedValidation
  Text invalid;
  std::vector<std::string> included;  // namespaces; patterns
  std::vector<std::string> excluded;
  std::optional<bool> saves_file_systems;  // defaultVolumesToFsBackup; nullopt: the server's
  Seconds last_backup = 0;
  bool paused = false;

  [[nodiscard]] bool enabled() const {
    return !paused && phase != std::string_view("FailedValidation");
  }
  [[nodiscard]] bool covers(std::string_view ns) const;
};

struct BackupLocation {
  Head head;
  Text phase;
  Text message;
  Seconds validated = 0;
  bool is_default = false;
};

struct BackupRestore {
  Head head;
  Text phase;
};

struct ServiceMonitor {
  Head head;
};

// A Prometheus or PrometheusAgent.
struct Prometheus {
  Head head;
  std::optional<model::LabelSelector> monitors;    // nullopt: none
  std::optional<model::LabelSelector> namespaces;  // nullopt: its own
};

struct ApiService {
  Head head;
  Text available;  // the condition's status; empty: never reported
  Text reason;
  Text message;
};

struct KubeletConfiguration {
  Head head;
  std::vector<std::string> eviction_hard;  // the signals that it names, sorted
  bool merges_defaults = false;
};

struct EncryptionConfiguration {
  struct Key {
    std::string name;
    FieldPath path;
    std::int64_t bytes = -1;   // -1: no base64
    bool placeholder = false;  // nobody has filled it in
  };
  struct Provider {
    std::string type;  // identity, aescbc, aesgcm, secretbox, kms
    FieldPath path;
    std::vector<Key> keys;
  };
  struct Entry {
    std::vector<std::string> resources;
    std::vector<Provider> providers;  // the first one writes
    FieldPath path;

    [[nodiscard]] bool covers_secrets() const;
  };
  Head head;
  std::vector<Entry> entries;
};

struct Operations {
  std::vector<PersistentVolume> volumes;
  std::vector<PersistentVolumeClaim> claims;
  std::vector<StorageClass> storage_classes;
  std::vector<ClaimUse> claim_uses;  // by pods that are not done
  std::vector<Backup> backups;
  std::vector<BackupSchedule> schedules;
  std::vector<BackupLocation> backup_locations;
  std::vector<BackupRestore> restores;
  std::vector<ServiceMonitor> service_monitors;
  std::vector<Prometheus> prometheuses;
  std::vector<ApiService> api_services;
  std::vector<KubeletConfiguration> kubelets;
  std::vector<EncryptionConfiguration> encryption;
  PlatformFacts platform;

  [[nodiscard]] std::span<const ClaimUse> uses_of(const PersistentVolumeClaim& claim) const;
  [[nodiscard]] const PersistentVolume* volume(std::string_view name) const;
  [[nodiscard]] const StorageClass* storage_class(std::string_view name) const;
};

// Whether a claim may hold somebody's data: not the cluster's own, and not going away.
bool holds_user_data(const PersistentVolumeClaim& claim);
// Velero is there, in whatever state.
bool has_velero(const Facts& facts);
// A backup program other than Velero runs; what it saves is not known here.
bool has_other_backup(const Facts& facts);
// The namespace of Velero's objects, to tell of what is not there.
std::string velero_namespace(const Facts& facts);
// The newest one that `wanted` takes, or nullptr.
const Backup* newest_backup(const Facts& facts, const std::function<bool(const Backup&)>& wanted);
// A pattern of Velero's: "*", "?" and "[a-z]", over the whole name.
bool matches_glob(std::string_view pattern, std::string_view name);

}  // namespace kai::audit
