// Control planes that one failure stops.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

#include <set>

namespace kai::audit {
namespace {

bool is_control_plane(const Node& node) {
  return node.head.labels->has("node-role.kubernetes.io/control-plane") ||
         node.head.labels->has("node-role.kubernetes.io/master");
}

void check(const Facts& facts, Findings& findings) {
  const Node* only = nullptr;
  int nodes = 0;
  for (const Node& node : facts.nodes) {
    if (!is_control_plane(node)) continue;
    only = &node;
    ++nodes;
  }
  if (nodes == 1) {
    Finding finding;
    finding.object = only->head.ref();
    finding.origin = only->head.origin;
    finding.observed = "one control-plane node";
    finding.expected = "three";
    finding.message = "is the only control-plane node: the cluster stops with it";
    finding.subject = "control-plane";
    findings.add(std::move(finding));
  }
  std::vector<const ControlPlanePod*> members;
  for (const ControlPlanePod& pod : facts.control_plane) {
    if (pod.program == "etcd" && pod.is_static && !pod.head.deleting) members.push_back(&pod);
  }
  if (members.size() < 2 || members.size() % 2 != 0) return;
  const std::string count = std::to_string(members.size());
  Finding finding;
  finding.object = members.front()->head.ref();
  finding.origin = members.front()->head.origin;
  finding.subject = "etcd";
  finding.observed = count + " etcd members";
  finding.expected = "three or five";
  finding.message = "one of " + count + " etcd members: " + count + " bear the loss of " +
                    std::to_string(members.size() / 2 - 1) + ", as " +
                    std::to_string(members.size() - 1) + " would";
  finding.fix = "Add a control-plane node, or remove a member: kubeadm reset on its node";
  findings.add(std::move(finding));
}

}  // namespace

extern const Rule k_control_plane_single;
constinit const Rule k_control_plane_single = {
    .id = "control-plane-single",
    .severity = Severity::warning,
    .category = Category::control_plane,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "The control plane does not survive the loss of a node",
    .why =
        "With one control-plane node, or two etcd members, a reboot stops scheduling and every "
        "change, and a broken disk takes the cluster with it. An even member adds no safety: "
        "etcd needs a majority.",
    .fix = "Run three control-plane nodes (five for large clusters) behind one address.",
    .reference =
        "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/"
        "high-availability/",
    .needs = {Kind::node},
    .reads = {Kind::pod},
    .check = &check,
};

}  // namespace kai::audit
