#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/scheduling.hpp>

namespace kai::model {
namespace {

Quantity q(const char* text) {
  return Quantity::parse(text).value();
}

Node ready_node() {
  Node node;
  node.name = "gpu-a";
  node.labels = {{"zone", "a"}, {"slots", "8"}};
  node.capacity = {{"cpu", q("8")}, {"pods", q("110")}, {"nvidia.com/gpu", q("4")}};
  node.allocatable = node.capacity;
  node.conditions = {{"Ready", "True", "KubeletReady", "", ""}};
  return node;
}

Pod gpu_pod(const char* gpus = "1") {
  Pod pod;
  pod.ns = "ml";
  pod.name = "train";
  pod.requests = {{"nvidia.com/gpu", q(gpus)}};
  return pod;
}

std::vector<std::string> details(const std::vector<Obstacle>& found) {
  std::vector<std::string> lines;
  for (const Obstacle& obstacle : found) {
    lines.push_back(std::string(to_string(obstacle.kind)) + ": " + obstacle.detail);
  }
  return lines;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Obstacles, NoneOnAFreeNode) {
  EXPECT_THAT(details(obstacles(gpu_pod("4"), ready_node(), {})), IsEmpty());
}

TEST(Obstacles, GpusInUse) {
  const auto found = obstacles(gpu_pod("2"), ready_node(), {{"nvidia.com/gpu", q("3")}});
  EXPECT_THAT(details(found), ElementsAre("gpu-in-use: nvidia.com/gpu: wants 2, free 1 of 4"));
  EXPECT_TRUE(found[0].preemptible);
}

TEST(Obstacles, MoreThanTheNodeHas) {
  const auto found = obstacles(gpu_pod("5"), ready_node(), {});
  EXPECT_THAT(details(found),
              ElementsAre("gpu-in-use: nvidia.com/gpu: wants 5, the node has 4 in all"));
  EXPECT_FALSE(found[0].preemptible);
}

TEST(Obstacles, MigProfileThatTheNodeDoesNotHave) {
  Pod pod;
  pod.requests = {{"nvidia.com/mig-1g.5gb", q("1")}};
  EXPECT_THAT(details(obstacles(pod, ready_node(), {})),
              ElementsAre("gpu-absent: the node advertises no nvidia.com/mig-1g.5gb"));
}

TEST(Obstacles, WithdrawnGpus) {
  Node node = ready_node();
  node.allocatable.insert_or_assign("nvidia.com/gpu", q("0"));
  EXPECT_THAT(details(obstacles(gpu_pod(), node, {})),
              ElementsAre("gpu-absent: all 4 nvidia.com/gpu of the node are withdrawn"));
}

TEST(Obstacles, TaintsAreToldOneByOne) {
  Node node = ready_node();
  node.taints = {{"nvidia.com/gpu", "true", "NoSchedule"},
                 {"dedicated", "ml", "NoExecute"},
                 {"slow", "", "PreferNoSchedule"}};
  EXPECT_THAT(details(obstacles(gpu_pod(), node, {})),
              ElementsAre("taint: taint nvidia.com/gpu=true:NoSchedule is not tolerated",
                          "taint: taint dedicated=ml:NoExecute is not tolerated"));
  Pod tolerant = gpu_pod();
  tolerant.placement.tolerations = {{"nvidia.com/gpu", "Exists", "", ""},
                                    {"dedicated", "Equal", "ml", "NoExecute"}};
  EXPECT_THAT(details(obstacles(tolerant, node, {})), IsEmpty());
}

TEST(Obstacles, NotReadyIsSaidOnceAndByItsCause) {
  Node node = ready_node();
  node.conditions = {{"Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting", ""}};
  node.taints = {{"node.kubernetes.io/unreachable", "", "NoSchedule"},
                 {"node.kubernetes.io/unreachable", "", "NoExecute"}};
  EXPECT_THAT(
      details(obstacles(gpu_pod(), node, {})),
      ElementsAre("not-ready: node is NotReady (NodeStatusUnknown): Kubelet stopped posting"));
}

TEST(Obstacles, CordonedUnlessTolerated) {
  Node node = ready_node();
  node.unschedulable = true;
  node.taints = {{"node.kubernetes.io/unschedulable", "", "NoSchedule"}};
  EXPECT_THAT(details(obstacles(gpu_pod(), node, {})),
              ElementsAre("cordoned: the node is cordoned"));
  Pod daemon = gpu_pod();
  daemon.placement.tolerations = {{"node.kubernetes.io/unschedulable", "Exists", "", "NoSchedule"}};
  EXPECT_THAT(details(obstacles(daemon, node, {})), IsEmpty());
}

TEST(Obstacles, NodeSelectorAndAffinity) {
  Pod pod = gpu_pod();
  pod.placement.node_selector = {{"zone", "b"}, {"pool", "gpu"}};
  pod.placement.node_affinity = {
      {{{{"disk", "Exists", {}}}, {}}, {{{"zone", "NotIn", {"a"}}}, {}}}};
  EXPECT_THAT(
      details(obstacles(pod, ready_node(), {})),
      ElementsAre("node-selector: nodeSelector pool=gpu: the node has no such label",
                  "node-selector: nodeSelector zone=b: the node has zone=a",
                  "node-affinity: node affinity: needs disk Exists, or needs zone NotIn [a]"));
}

TEST(Obstacles, CpuAndPodsComeAfterGpus) {
  Pod pod = gpu_pod("3");
  pod.requests.insert_or_assign("cpu", q("2"));
  EXPECT_THAT(
      details(obstacles(pod, ready_node(),
                        {{"cpu", q("6500m")}, {"nvidia.com/gpu", q("2")}, {"pods", q("110")}})),
      ElementsAre("gpu-in-use: nvidia.com/gpu: wants 3, free 2 of 4",
                  "resource: cpu: wants 2, free 1500m of 8",
                  "resource: pods: wants 1, free 0 of 110"));
}

TEST(Obstacles, BoundElsewhere) {
  Pod pod = gpu_pod();
  pod.placement.node_name = "gpu-b";
  EXPECT_THAT(details(obstacles(pod, ready_node(), {})),
              ElementsAre("node-name: the pod is bound to node gpu-b"));
}

struct TermCase {
  NodeRequirement requirement;
  bool holds;
};

TEST(NodeSelectorTerm, Operators) {
  const Node node = ready_node();
  const TermCase cases[] = {
      {{"zone", "In", {"a", "b"}}, true},    {{"zone", "In", {"b"}}, false},
      {{"gone", "In", {"a"}}, false},        {{"zone", "NotIn", {"a"}}, false},
      {{"gone", "NotIn", {"a"}}, true},      {{"zone", "Exists", {}}, true},
      {{"gone", "Exists", {}}, false},       {{"gone", "DoesNotExist", {}}, true},
      {{"zone", "DoesNotExist", {}}, false}, {{"slots", "Gt", {"7"}}, true},
      {{"slots", "Gt", {"8"}}, false},       {{"slots", "Lt", {"9"}}, true},
      {{"zone", "Gt", {"1"}}, false},        {{"gone", "Lt", {"1"}}, false},
      {{"slots", "Gt", {"many"}}, false},    {{"zone", "Near", {"a"}}, false},
  };
  for (const auto& [requirement, holds] : cases) {
    EXPECT_EQ(matches(NodeSelectorTerm{{requirement}, {}}, node), holds) << requirement.to_string();
  }
  EXPECT_FALSE(matches(NodeSelectorTerm{}, node));
  EXPECT_TRUE(matches(NodeSelectorTerm{{}, {{"metadata.name", "In", {"gpu-a"}}}}, node));
  EXPECT_FALSE(matches(NodeSelectorTerm{{}, {{"metadata.name", "NotIn", {"gpu-a"}}}}, node));
}

TEST(Affinity, NoTermMatchesNoNode) {
  Placement placement;
  EXPECT_TRUE(matches_affinity(placement, ready_node()));
  placement.node_affinity.emplace();
  EXPECT_FALSE(matches_affinity(placement, ready_node()));
}

TEST(Unchecked, NamesWhatItCannotJudge) {
  Placement placement;
  EXPECT_THAT(unchecked(placement), IsEmpty());
  placement.has_volume_claims = placement.has_topology_spread = true;
  EXPECT_THAT(unchecked(placement), ElementsAre("topology spread", "volumes"));
}

}  // namespace
}  // namespace kai::model
