// Volumes on a node's disk, which Velero cannot snapshot, that no other method saves.
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// The server's default for schedules that say nothing.
bool server_saves_file_systems(const Facts& facts) {
  return std::any_of(facts.control_plane.begin(), facts.control_plane.end(),
                     [](const ControlPlanePod& pod) {
                       if (pod.program != "velero") return false;
                       for (const char* const name :
                            {"default-volumes-to-fs-backup", "default-volumes-to-restic"}) {
                         const auto* const flag = pod.flag(name);
                         if (flag != nullptr && flag->value != "false") return true;
                       }
                       return false;
                     });
}

// File systems are read by an agent on each node.
bool has_node_agent(const Facts& facts) {
  const auto is_agent = [](std::string_view kind, std::string_view name) {
    return kind == "DaemonSet" && (name == "node-agent" || name == "restic");
  };
  return std::any_of(facts.workloads.begin(), facts.workloads.end(),
                     [&](const Workload& workload) {
                       return is_agent(workload.head.kind, workload.head.name);
                     }) ||
         std::any_of(facts.pods.begin(), facts.pods.end(), [&](const Pod& pod) {
           return pod.owner != nullptr && is_agent(pod.owner->kind, pod.owner->name);
         });
}

bool asks_for_save(const Facts& facts, const PersistentVolumeClaim& claim, ClaimUse::Save save) {
  const auto uses = facts.operations->uses_of(claim);
  return std::any_of(uses.begin(), uses.end(),
                     [save](const ClaimUse& use) { return use.save == save; });
}

void check(const Facts& facts, Findings& findings) {
  const Operations& operations = *facts.operations;
  if (operations.schedules.empty() || has_other_backup(facts)) return;
  const bool agent = has_node_agent(facts);
  const bool by_server = server_saves_file_systems(facts);
  for (const PersistentVolumeClaim& claim : operations.claims) {
    if (!holds_user_data(claim) || claim.volume.empty() ||
        claim.head.labels->get("velero.io/exclude-from-backup") == "true") {
      continue;
    }
    const PersistentVolume* const volume = operations.volume(claim.volume);
    if (volume == nullptr || volume->source == VolumeSource::other) continue;
    const bool on_host_path = volume->source == VolumeSource::host_path;
    bool scheduled = false;
    bool by_default = false;
    for (const BackupSchedule& schedule : operations.schedules) {
      if (!schedule.enabled() || !schedule.covers(claim.head.ns)) continue;
      scheduled = true;
      by_default = by_default || schedule.saves_file_systems.value_or(by_server);
    }
    // A namespace in no schedule is backup-namespace-uncovered's.
    if (!scheduled) continue;
    // Excluded by the pod's annotation: somebody has decided that.
    if (asks_for_save(facts, claim, ClaimUse::Save::excluded)) continue;
    const bool wanted = by_default || asks_for_save(facts, claim, ClaimUse::Save::wanted);
    if (wanted && agent && !on_host_path) continue;
    Finding finding;
    finding.object = claim.head.ref();
    finding.origin = claim.head.origin;
    finding.path = FieldPath() / "spec" / "volumeName";
    finding.observed = on_host_path ? "a hostPath volume" : "a local volume";
    finding.expected = "a volume that a backup method saves";
    finding.message = "its data is in no backup: volume " + claim.volume.str();
    if (on_host_path) {
      finding.message += " is a hostPath, which Velero can neither snapshot nor read";
      finding.fix =
          "Move the data to a local or CSI volume (local-path-provisioner makes local ones with "
          "the claim's annotation volumeType: local), or save it from within the pod";
    } else if (!agent) {
      finding.message += " is local, and Velero has no node agent to read it";
      finding.fix =
          "velero install --use-node-agent, then defaultVolumesToFsBackup: true in the "
          "Schedule's template";
    } else {
      finding.message += " is local, and file system backup is not asked for";
      finding.fix =
          "Set defaultVolumesToFsBackup: true in the Schedule's template, or annotate "
          "the pod: backup.velero.io/backup-volumes=VOLUME";
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_backup_volume_uncovered;
constinit const Rule k_backup_volume_uncovered = {
    .id = "backup-volume-uncovered",
    .severity = Severity::warning,
    .category = Category::backup,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A claim's data is in no backup",
    .why =
        "Velero saves the claim but not what is on it: local and hostPath volumes have no "
        "snapshots. A restore gives an empty volume, and the backup was called Completed.",
    .fix =
        "Turn on file system backup for local volumes; hostPath volumes must be moved to "
        "another type first.",
    .reference = "https://velero.io/docs/main/file-system-backup/",
    .needs = {Kind::velero_schedule, Kind::persistent_volume_claim, Kind::persistent_volume,
              Kind::pod, Kind::daemon_set},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
