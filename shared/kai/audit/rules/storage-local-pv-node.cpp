// Local volumes whose node is gone.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// "kubernetes.io/hostname In [gpu-a]".
std::string describe(const std::vector<model::NodeSelectorTerm>& terms) {
  std::string text;
  for (const model::NodeSelectorTerm& term : terms) {
    if (!text.empty()) text += " or ";
    std::string both;
    for (const auto* requirements : {&term.expressions, &term.fields}) {
      for (const model::NodeRequirement& requirement : *requirements) {
        both += (both.empty() ? "" : " and ") + requirement.to_string();
      }
    }
    text += both;
  }
  return text;
}

void check(const Facts& facts, Findings& findings) {
  if (facts.nodes.empty()) return;
  std::vector<model::Node> nodes;  // made when the first local volume is met
  for (const PersistentVolume& volume : facts.operations->volumes) {
    if (volume.source != VolumeSource::local || !volume.node_terms || volume.head.deleting)
      continue;
    if (nodes.empty()) {
      for (const Node& node : facts.nodes) nodes.push_back(node.to_model());
    }
    const bool reachable = std::any_of(nodes.begin(), nodes.end(), [&](const model::Node& node) {
      return std::any_of(volume.node_terms->begin(), volume.node_terms->end(),
                         [&](const auto& term) { return model::matches(term, node); });
    });
    if (reachable) continue;
    const std::string wanted = describe(*volume.node_terms);
    Finding finding;
    finding.object = volume.head.ref();
    finding.origin = volume.head.origin;
    finding.path = FieldPath() / "spec" / "nodeAffinity";
    finding.observed = wanted.empty() ? "no term" : wanted;
    finding.expected = "a node of the cluster";
    finding.message = "lies on a node that is not there: " + (wanted.empty() ? "no term" : wanted);
    if (!volume.claim_name.empty() && volume.phase == std::string_view("Bound")) {
      finding.details.push_back("pods with claim " + volume.claim_ns.str() + "/" +
                                volume.claim_name.str() + " cannot start");
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_storage_local_pv_node;
constinit const Rule k_storage_local_pv_node = {
    .id = "storage-local-pv-node",
    .severity = Severity::error,
    .category = Category::storage,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A local volume belongs to a node that does not exist",
    .why =
        "A local volume is a disk in one node. Without that node, or under its new name, every "
        "pod that mounts the volume stays Pending, and its data is out of reach.",
    .fix =
        "Bring the node back under the name in the volume's nodeAffinity. If it is gone for "
        "good, delete claim and volume and restore the data from a backup: nodeAffinity cannot "
        "be changed.",
    .reference = "https://kubernetes.io/docs/concepts/storage/volumes/#local",
    .needs = {Kind::persistent_volume, Kind::node},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
