// Claims that get no volume.
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>
#include <optional>

namespace kai::audit {
namespace {

constexpr Threshold k_thresholds[] = {
    {"patience", Threshold::Unit::seconds, 5LL * 60, "so long a claim may wait"},
};

// The class of a claim, if it can be told.
const StorageClass* class_of(const Facts& facts, const PersistentVolumeClaim& claim) {
  const Operations& operations = *facts.operations;
  if (claim.storage_class) return operations.storage_class(*claim.storage_class);
  const auto found =
      std::find_if(operations.storage_classes.begin(), operations.storage_classes.end(),
                   [](const StorageClass& one) { return one.is_default; });
  return found == operations.storage_classes.end() ? nullptr : &*found;
}

// A pod that cannot start because of the claim. One that waits for something else, such
// as a GPU, or is held back on purpose, is no evidence.
const ClaimUse* waiting_pod(const Facts& facts, const PersistentVolumeClaim& claim) {
  const auto uses = facts.operations->uses_of(claim);
  const auto found = std::find_if(uses.begin(), uses.end(), [](const ClaimUse& use) {
    return use.unscheduled && !use.gated && use.waits_for_volumes;
  });
  return found == uses.end() ? nullptr : &*found;
}

// Why it waits; nullopt when it waits for its first pod, as it should.
std::optional<std::string> reason(const Facts& facts, const PersistentVolumeClaim& claim) {
  const bool classes_known = facts.complete.has(Kind::storage_class);
  const StorageClass* const found = class_of(facts, claim);
  const ClaimUse* const pod = waiting_pod(facts, claim);
  const std::string for_pod = pod == nullptr ? "" : "; pod " + pod->pod.str() + " waits for it";
  if (!claim.volume.empty()) {
    if (facts.complete.has(Kind::persistent_volume) &&
        facts.operations->volume(claim.volume) == nullptr) {
      return "asks for volume " + claim.volume.str() + ", which does not exist" + for_pod;
    }
    return "asks for volume " + claim.volume.str() + " and does not get it" + for_pod;
  }
  if (claim.storage_class && claim.storage_class->empty()) {
    return "has no class, and no volume without a class fits" + for_pod;
  }
  if (found == nullptr && classes_known) {
    return (claim.storage_class ? "its class " + claim.storage_class->str() + " does not exist"
                                : std::string("names no class, and no class is the default")) +
           for_pod;
  }
  const std::string name = found == nullptr ? "" : " of class " + found->head.name.str();
  if (claim.node_selected) return "a node was chosen, and no volume" + name + " comes" + for_pod;
  if (found != nullptr && found->immediate) {
    return (found->provisioner == std::string_view("kubernetes.io/no-provisioner")
                ? "no free volume" + name + " fits"
                : "provisioner " + found->provisioner.str() + " makes no volume") +
           for_pod;
  }
  if (pod == nullptr) return std::nullopt;
  return "no volume" + name + for_pod;
}

void check(const Facts& facts, Findings& findings) {
  for (const PersistentVolumeClaim& claim : facts.operations->claims) {
    if (claim.phase != std::string_view("Pending") || claim.head.deleting) continue;
    const Seconds age = facts.now - claim.head.created;
    if (claim.head.created == 0 || age <= facts.thresholds.of(k_thresholds[0])) continue;
    const auto why = reason(facts, claim);
    if (!why) continue;
    Finding finding;
    finding.object = claim.head.ref();
    finding.origin = claim.head.origin;
    finding.path = FieldPath() / "status" / "phase";
    finding.observed = "Pending";
    finding.expected = "Bound";
    finding.message = "Pending for " + format_age(age) + ": " + *why;
    finding.fix = "kubectl describe pvc " + claim.head.name.str() + " -n " + claim.head.ns.str() +
                  " shows what the provisioner says";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_storage_pvc_pending;
constinit const Rule k_storage_pvc_pending = {
    .id = "storage-pvc-pending",
    .severity = Severity::warning,
    .category = Category::storage,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A claim gets no volume",
    .why =
        "Pods that mount the claim stay Pending, and the scheduler's message about them seldom "
        "says that storage is what they lack.",
    .fix =
        "Look at the claim's events and the provisioner's log. Does the class exist, is one the "
        "default, is there a volume large enough on a node that the pod may use?",
    .reference = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding",
    .needs = {Kind::persistent_volume_claim, Kind::pod},
    .reads = {Kind::storage_class, Kind::persistent_volume},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
