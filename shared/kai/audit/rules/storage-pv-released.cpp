// Volumes that nobody uses and nobody can use.
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  for (const PersistentVolume& volume : facts.operations->volumes) {
    if (volume.phase != std::string_view("Released") ||
        volume.reclaim_policy != std::string_view("Retain") || volume.head.deleting) {
      continue;
    }
    const std::string claim = volume.claim_ns.str() + "/" + volume.claim_name.str();
    Finding finding;
    finding.object = volume.head.ref();
    finding.origin = volume.head.origin;
    finding.path = FieldPath() / "status" / "phase";
    finding.observed = "Released";
    finding.expected = "Bound, Available or deleted";
    finding.message = "holds " + (volume.capacity.empty() ? "storage" : volume.capacity.str()) +
                      " that no claim can use";
    if (volume.phase_since > 0 && facts.now > volume.phase_since) {
      finding.message += ", for " + format_age(facts.now - volume.phase_since);
    }
    if (!volume.claim_name.empty()) finding.message += ": claim " + claim + " is gone";
    finding.fix = "Save what is on it, then kubectl delete pv " + volume.head.name.str() +
                  " and free the storage behind it; or offer it again: kubectl patch pv " +
                  volume.head.name.str() + " -p '{\"spec\":{\"claimRef\":null}}'";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_storage_pv_released;
constinit const Rule k_storage_pv_released = {
    .id = "storage-pv-released",
    .severity = Severity::warning,
    .category = Category::storage,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A released volume holds storage that nobody can use",
    .why =
        "With reclaim policy Retain a volume outlives its claim and is never bound again by "
        "itself. The disk stays full, or is paid for, and holds data that nobody looks after.",
    .fix =
        "Save the data, then delete the volume and the storage behind it; or clear "
        "spec.claimRef, so that a new claim can have it.",
    .reference = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#retain",
    .needs = {},
    .reads = {Kind::persistent_volume},
    .check = &check,
};

}  // namespace kai::audit
