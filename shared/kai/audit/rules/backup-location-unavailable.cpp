// Places for backups that cannot be reached.
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

// Velero looks at a new location within a minute.
constexpr Threshold k_thresholds[] = {
    {"patience", Threshold::Unit::seconds, 10LL * 60,
     "so long a new location may be without a phase"},
};

void check(const Facts& facts, Findings& findings) {
  for (const BackupLocation& location : facts.operations->backup_locations) {
    if (location.phase == std::string_view("Available") || location.head.deleting) continue;
    const bool never = location.phase.empty();
    if (never && facts.now - location.head.created <= facts.thresholds.of(k_thresholds[0]))
      continue;
    Finding finding;
    finding.object = location.head.ref();
    finding.origin = location.head.origin;
    finding.path = FieldPath() / "status" / "phase";
    finding.observed = never ? "no phase" : location.phase.str();
    finding.expected = "Available";
    finding.message =
        never ? std::string("Velero has never looked at it: is it running?") : location.phase.str();
    if (location.is_default) finding.message += never ? " It is the default" : ", and the default";
    if (!location.message.empty()) finding.message += ": " + location.message.str();
    if (location.validated > 0 && facts.now > location.validated) {
      finding.details.push_back("last looked at " + format_age(facts.now - location.validated) +
                                " ago");
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_backup_location_unavailable;
constinit const Rule k_backup_location_unavailable = {
    .id = "backup-location-unavailable",
    .severity = Severity::error,
    .category = Category::backup,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A backup location is not available",
    .why = "Backups to it fail, and those that lie there can neither be listed nor restored.",
    .fix =
        "Check address, bucket and credentials of the BackupStorageLocation, and the network "
        "between Velero's pod and the object store; velero backup-location get shows its state.",
    .reference = "https://velero.io/docs/main/api-types/backupstoragelocation/",
    .needs = {},
    .reads = {Kind::velero_location},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
