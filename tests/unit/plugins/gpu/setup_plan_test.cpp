#include "setup_plan.hpp"

#include "builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kai::gpu {
namespace {

using test::daemon_set;
using test::node_object;
using test::pod_on;
using test::q;
using test::ready_node;
using test::taint;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const Result<std::vector<const model::Node*>>& nodes) {
  if (!nodes) return {"error: " + nodes.error().message};
  std::vector<std::string> result;
  for (const model::Node* node : *nodes) result.push_back(node->name);
  return result;
}

class TargetsTest : public testing::Test {
 protected:
  TargetsTest() {
    facts.nodes = {ready_node("amd-0", {}, {{"amd.com/gpu", q("8")}}), ready_node("cpu-0"),
                   ready_node("gpu-a", {{"pool", "gpu"}}, {{"nvidia.com/gpu", q("8")}}),
                   ready_node("gpu-b", {{"feature.node.kubernetes.io/pci-10de.present", "true"}}),
                   ready_node("labelled", {{"nvidia.com/gpu", "true"}})};
  }
  std::vector<std::string> targets(const SetupRequest& request) {
    return names(select_targets(request, facts));
  }
  ClusterFacts facts;
};

TEST_F(TargetsTest, ByNameEachOnceAndSorted) {
  SetupRequest request;
  request.nodes = {"gpu-b", "cpu-0", "gpu-b"};
  EXPECT_THAT(targets(request), ElementsAre("cpu-0", "gpu-b"));
}

TEST_F(TargetsTest, UnknownNamesAreAllNamedWithTheNearest) {
  SetupRequest request;
  request.nodes = {"gpu-a", "gpu-c", "zzzzzzz"};
  EXPECT_THAT(targets(request),
              ElementsAre("error: node \"gpu-c\" does not exist, did you mean \"gpu-a\"?; "
                          "node \"zzzzzzz\" does not exist"));
}

TEST_F(TargetsTest, BySelectorAndDetection) {
  SetupRequest request;
  request.selector = model::LabelSelector::parse("pool=gpu").value();
  EXPECT_THAT(targets(request), ElementsAre("gpu-a"));
  request.selector = model::LabelSelector::parse("pool=none").value();
  EXPECT_THAT(targets(request), ElementsAre(HasSubstr("no node matches selector \"pool=none\"")));
  request.selector.reset();
  request.detected = true;
  // Neither another vendor's GPU nor a label that setup itself may have set.
  EXPECT_THAT(targets(request), ElementsAre("gpu-a", "gpu-b"));
}

TEST_F(TargetsTest, NodesWithAnotherVendorsGpusAreRefused) {
  SetupRequest request;
  request.nodes = {"amd-0", "gpu-a"};
  const auto refused = select_targets(request, facts);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
  EXPECT_EQ(refused.error().message,
            "node \"amd-0\" has amd.com/gpu, and setup serves NVIDIA's GPUs");
  EXPECT_THAT(refused.error().hint, HasSubstr("--taint amd.com/gpu=true:NoSchedule"));
  request.stack = StackChoice::none;
  EXPECT_THAT(targets(request), ElementsAre("amd-0", "gpu-a"));
}

TEST_F(TargetsTest, OtherCommandsTakeEveryGpuNode) {
  EXPECT_THAT(names(select_nodes({}, "", facts)),
              ElementsAre("amd-0", "gpu-a", "gpu-b", "labelled"));
  EXPECT_THAT(names(select_nodes({"cpu-0"}, "pool=gpu", facts)), ElementsAre("cpu-0", "gpu-a"));
  EXPECT_THAT(names(select_nodes({}, "pool in (", facts)), ElementsAre(HasSubstr("error: ")));
}

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    facts.nodes = {ready_node("gpu-a"), ready_node("gpu-b")};
    request.labels = {{"nvidia.com/gpu", "true"}};
    request.taint = taint("nvidia.com/gpu=true:NoSchedule");
  }
  Result<SetupPlan> plan(const std::optional<model::Resource>& runtime_class = {}) {
    return plan_setup(request, {&facts.nodes[0]}, {node_object("{}")}, facts, runtime_class,
                      kube::Force::no);
  }
  std::vector<std::string> steps(const Result<SetupPlan>& planned) {
    if (!planned) return {"error: " + planned.error().message};
    std::vector<std::string> result;
    for (const apply::Step& step : planned->steps) result.push_back(ref_of(step).to_string());
    return result;
  }
  DaemonSet& add_plugin(const char* name) {
    facts.daemon_sets.push_back(daemon_set(name, "nvidia/k8s-device-plugin:v1"));
    return facts.daemon_sets.back();
  }
  ClusterFacts facts;
  SetupRequest request;
};

TEST_F(PlanTest, InstallsThePluginWhereNoneIs) {
  const auto planned = plan();
  EXPECT_THAT(
      steps(planned),
      ElementsAre("RuntimeClass nvidia", "ConfigMap kube-system/nvidia-device-plugin",
                  "DaemonSet kube-system/nvidia-device-plugin", "Node gpu-a", "Node gpu-a"));
  EXPECT_TRUE(planned->serves_gpus);
  EXPECT_THAT(planned->impacts, IsEmpty());
}

TEST_F(PlanTest, LeavesAnotherPluginAlone) {
  add_plugin("theirs").placement.tolerations = {{"nvidia.com/gpu", "Exists", "", ""}};
  const auto planned = plan();
  EXPECT_THAT(steps(planned), ElementsAre("Node gpu-a", "Node gpu-a"));
  EXPECT_THAT(planned->notes,
              ElementsAre("DaemonSet kube-system/theirs serves the GPUs and is left alone"));
  EXPECT_FALSE(planned->serves_gpus);
}

TEST_F(PlanTest, WarnsWhenTheTaintWouldEndAnotherPlugin) {
  add_plugin("theirs");
  EXPECT_THAT(plan()->notes, Contains(HasSubstr("does not tolerate taint nvidia.com/gpu=true")));
}

TEST_F(PlanTest, LeavesTheOperatorAlone) {
  facts.has_cluster_policy = true;
  const auto planned = plan();
  EXPECT_THAT(steps(planned), ElementsAre("Node gpu-a", "Node gpu-a"));
  EXPECT_THAT(planned->notes, ElementsAre("gpu-operator serves the GPUs and is left alone"));
}

TEST_F(PlanTest, RefusesASecondPlugin) {
  request.stack = StackChoice::device_plugin;
  add_plugin("theirs");
  const auto refused = plan();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(refused.error().message,
            "DaemonSet kube-system/theirs serves the GPUs of this cluster already");
}

TEST_F(PlanTest, SharingBelongsToWhoServesTheGpus) {
  request.sharing = {SharingMode::time_slicing, 4};
  add_plugin("theirs");
  EXPECT_THAT(steps(plan()),
              ElementsAre(HasSubstr("sharing and MIG belong into its configuration")));
}

TEST_F(PlanTest, WithoutAStack) {
  request.stack = StackChoice::none;
  EXPECT_THAT(steps(plan()), ElementsAre("Node gpu-a", "Node gpu-a"));
  request.stack = StackChoice::gpu_operator;
  EXPECT_THAT(plan()->notes, ElementsAre(HasSubstr("gpu-operator is not in this cluster")));
}

TEST_F(PlanTest, KeepsARuntimeClassThatIsNotOurs) {
  const auto theirs =
      model::Resource(test::json(R"({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass",
                     "metadata": {"name": "nvidia"}, "handler": "nvidia"})"));
  const auto planned = plan(theirs);
  EXPECT_THAT(steps(planned), testing::Not(Contains("RuntimeClass nvidia")));
  EXPECT_THAT(planned->notes, ElementsAre(HasSubstr("RuntimeClass nvidia is there already")));
}

TEST_F(PlanTest, NeedsALabelForThePlugin) {
  request.labels.clear();
  EXPECT_THAT(steps(plan()), ElementsAre(HasSubstr("finds its nodes by a label")));
}

TEST_F(PlanTest, RemovesTheMpsDaemonOfAnEarlierChoice) {
  DaemonSet& daemon = add_plugin("nvidia-mps-control-daemon");
  daemon.ours = true;
  daemon.uid = "u7";
  const auto planned = plan();
  EXPECT_THAT(steps(planned), Contains("DaemonSet kube-system/nvidia-mps-control-daemon"));
  request.sharing = {SharingMode::mps, 2};
  const auto changed = plan();
  for (const apply::Step& step : changed->steps) {
    EXPECT_FALSE(std::holds_alternative<apply::Remove>(step.action));
  }
}

TEST_F(PlanTest, TellsWhoElseGetsThePlugin) {
  facts.nodes[1].labels = {{"nvidia.com/gpu", "true"}};
  const auto planned = plan();
  ASSERT_EQ(planned->impacts.size(), 1U);
  EXPECT_EQ(planned->impacts[0].kind, ImpactKind::serves_too);
  EXPECT_EQ(planned->impacts[0].node, "gpu-b");
}

TEST_F(PlanTest, TellsTheImpactOnlyOfANewTaint) {
  facts.pods = {pod_on("gpu-a", "web")};
  EXPECT_EQ(plan()->impacts.size(), 1U);
  facts.nodes[0].taints = {taint("nvidia.com/gpu=present:NoSchedule")};
  const auto planned = plan();
  EXPECT_THAT(planned->impacts, IsEmpty());
  EXPECT_THAT(
      planned->notes,
      ElementsAre(
          "taint nvidia.com/gpu=present:NoSchedule does the job already and stays on gpu-a"));
}

TEST_F(PlanTest, SaysWhyANodeOffersNoGpu) {
  facts.nodes[0].labels = {{"feature.node.kubernetes.io/cpu-model.family", "6"}};
  const auto planned = plan();
  ASSERT_EQ(planned->impacts.size(), 1U);
  EXPECT_EQ(planned->impacts[0].kind, ImpactKind::advertises_none);
  EXPECT_EQ(planned->impacts[0].detail, "node feature discovery sees no NVIDIA device");
}

}  // namespace
}  // namespace kai::gpu
