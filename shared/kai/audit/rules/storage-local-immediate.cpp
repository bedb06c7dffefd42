// Classes of local volumes that bind before anybody knows where the pod will run.
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

constexpr std::string_view k_no_provisioner = "kubernetes.io/no-provisioner";

// Such a class may be for network volumes made by hand, which every node reaches: then it
// does not matter when they are bound.
bool is_for_network_volumes(const Facts& facts, const StorageClass& found) {
  bool any = false;
  for (const PersistentVolume& volume : facts.operations->volumes) {
    if (volume.storage_class != found.head.name) continue;
    if (volume.source != VolumeSource::other || volume.node_terms) return false;
    any = true;
  }
  return any;
}

void check(const Facts& facts, Findings& findings) {
  for (const StorageClass& found : facts.operations->storage_classes) {
    if (found.provisioner != k_no_provisioner || !found.immediate || found.head.deleting ||
        is_for_network_volumes(facts, found)) {
      continue;
    }
    Finding finding;
    finding.object = found.head.ref();
    finding.origin = found.head.origin;
    finding.path = FieldPath() / "volumeBindingMode";
    finding.observed = "Immediate";
    finding.expected = "WaitForFirstConsumer";
    finding.message =
        "claims of this class bind to any local volume, before the scheduler has looked at CPU, "
        "memory and GPUs";
    finding.fix = "kubectl get storageclass " + found.head.name.str() +
                  " -o yaml > class.yaml; write volumeBindingMode: WaitForFirstConsumer; kubectl "
                  "replace --force -f class.yaml, as the field cannot be changed. Bound claims "
                  "stay as they are";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_storage_local_immediate;
constinit const Rule k_storage_local_immediate = {
    .id = "storage-local-immediate",
    .severity = Severity::warning,
    .category = Category::storage,
    .where = Where::both,
    .about = About::cluster,
    .title = "Local volumes are bound before their pod has a node",
    .why =
        "The claim is bound to a volume on some node, and the pod must follow it there. If that "
        "node has no GPU or no room, the pod stays Pending for good.",
    .fix =
        "Make the class anew with volumeBindingMode: WaitForFirstConsumer; the field of an "
        "existing one cannot be changed.",
    .reference = "https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode",
    .needs = {},
    .reads = {Kind::storage_class, Kind::persistent_volume},
    .check = &check,
};

}  // namespace kai::audit
