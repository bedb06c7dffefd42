#include "device_plugin.hpp"

#include "builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/apply/ownership.hpp>

namespace kai::gpu {
namespace {

using model::Json;
using test::json;
using test::ready_node;
using test::taint;
using testing::ElementsAre;
using testing::IsEmpty;

SetupRequest request(model::Labels labels = {{"nvidia.com/gpu", "true"}}) {
  SetupRequest result;
  result.labels = std::move(labels);
  result.taint = taint("nvidia.com/gpu=true:NoSchedule");
  return result;
}

const model::Resource& find(const std::vector<model::Resource>& objects, std::string_view kind,
                            std::string_view name) {
  for (const model::Resource& object : objects) {
    if (object.kind() == kind && object.name() == name) return object;
  }
  throw std::runtime_error("no such object");
}

Json at(const model::Resource& object, const char* pointer) {
  return object.json().value(Json::json_pointer(pointer), Json());
}

class WishTest : public testing::Test {
 protected:
  WishTest() { facts.nodes = {ready_node("a"), ready_node("b"), ready_node("c", {{"pool", "x"}})}; }
  DevicePluginWish wish(const SetupRequest& asked, const DaemonSet* present = nullptr) {
    return plan_device_plugin(asked, {&facts.nodes[0], &facts.nodes[1]}, facts, present);
  }
  static std::vector<std::string> terms(const DevicePluginWish& wished) {
    std::vector<std::string> result;
    for (const auto& term : wished.nodes) {
      std::string text;
      for (const auto& requirement : term.expressions) text += requirement.to_string() + ";";
      result.push_back(text);
    }
    return result;
  }
  ClusterFacts facts;
};

TEST_F(WishTest, RunsWhereTheLabelsAre) {
  EXPECT_THAT(terms(wish(request({{"a", "1"}, {"b", "2"}}))), ElementsAre("a In [1];b In [2];"));
}

TEST_F(WishTest, ToleratesWhatTheNodesHave) {
  facts.nodes[0].taints = {
      taint("dedicated=ml:NoSchedule"), taint("nvidia.com/gpu=present:NoSchedule"),
      taint("soft:PreferNoSchedule"), taint("node.kubernetes.io/not-ready:NoExecute")};
  facts.nodes[1].taints = {taint("dedicated=web:NoSchedule"), taint("burn:NoExecute")};
  facts.nodes[2].taints = {taint("elsewhere:NoSchedule")};
  std::vector<std::string> found;
  for (const auto& toleration : wish(request()).tolerations) {
    found.push_back(toleration.key + " " + toleration.op + " " + toleration.effect);
  }
  EXPECT_THAT(found, ElementsAre("burn Exists NoExecute", "dedicated Exists NoSchedule"));
}

TEST_F(WishTest, ToleratesOurOwnTaintByWhateverName) {
  SetupRequest asked = request();
  asked.taint = taint("pool=gpu:NoExecute");
  const auto found = wish(asked).tolerations;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].tolerates(*asked.taint));
}

TEST_F(WishTest, KeepsServingNodesThatAnEarlierRunHasSetUp) {
  DaemonSet present;
  present.placement.node_affinity = {{{{{"pool", "In", {"x"}}}, {}},
                                      {{{"old", "In", {"gone"}}}, {}},
                                      {{{"nvidia.com/gpu", "In", {"true"}}}, {}}}};
  facts.nodes[2].taints = {taint("team=x:NoSchedule")};
  const DevicePluginWish wished = wish(request(), &present);
  EXPECT_THAT(terms(wished), ElementsAre("nvidia.com/gpu In [true];", "pool In [x];"));
  ASSERT_EQ(wished.tolerations.size(), 1U);
  EXPECT_EQ(wished.tolerations[0].key, "team");
}

TEST(PluginConfig, IsWhatThePluginReads) {
  EXPECT_EQ(plugin_config({}, "none"), "flags:\n  migStrategy: none\nversion: v1\n");
  EXPECT_EQ(plugin_config({SharingMode::time_slicing, 4}, "mixed"),
            "flags:\n  migStrategy: mixed\nsharing:\n  timeSlicing:\n"
            "    failRequestsGreaterThanOne: true\n    resources:\n"
            "    - name: nvidia.com/gpu\n      replicas: 4\nversion: v1\n");
  EXPECT_EQ(plugin_config({SharingMode::mps, 2}, "none"),
            "flags:\n  migStrategy: none\nsharing:\n  mps:\n    resources:\n"
            "    - name: nvidia.com/gpu\n      replicas: 2\nversion: v1\n");
}

TEST(DevicePluginObjects, AreLabelledAndComplete) {
  DevicePluginWish wish;
  wish.nodes = {{{{"nvidia.com/gpu", "In", {"true"}}}, {}}};
  wish.tolerations = {{"dedicated", "Exists", "", "NoSchedule"}};
  const auto objects = device_plugin_objects(wish, WithRuntimeClass::yes).value();
  ASSERT_EQ(objects.size(), 3U);
  for (const model::Resource& object : objects) {
    EXPECT_EQ(object.label(apply::k_managed_by_label), "kubectl-ai") << object.ref().to_string();
    EXPECT_EQ(object.label(apply::k_part_of_label), "kubectl-ai-gpu") << object.ref().to_string();
  }
  const auto& plugin = find(objects, "DaemonSet", k_plugin_name);
  EXPECT_EQ(at(plugin,
               "/spec/template/spec/affinity/nodeAffinity/"
               "requiredDuringSchedulingIgnoredDuringExecution"),
            json(R"({"nodeSelectorTerms": [{"matchExpressions": [
              {"key": "nvidia.com/gpu", "operator": "In", "values": ["true"]}]}]})"));
  EXPECT_EQ(at(plugin, "/spec/template/spec/tolerations"),
            json(R"([{"key": "nvidia.com/gpu", "operator": "Exists"},
                     {"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}])"));
  EXPECT_EQ(at(plugin, "/spec/template/spec/containers/0/image"),
            "nvcr.io/nvidia/k8s-device-plugin:v0.20.0");
  EXPECT_EQ(at(plugin, "/spec/template/spec/containers/0/securityContext/capabilities"),
            json(R"({"drop": ["ALL"]})"));
  // Pods are chosen by a label that does not change with the version.
  EXPECT_EQ(at(plugin, "/spec/selector/matchLabels"), at(plugin, "/spec/template/metadata/labels"));
}

TEST(DevicePluginObjects, ANewConfigurationStartsThePodsAgain) {
  const auto annotations = [](const Sharing& sharing) {
    DevicePluginWish wish;
    wish.sharing = sharing;
    return at(
        find(device_plugin_objects(wish, WithRuntimeClass::no).value(), "DaemonSet", k_plugin_name),
        "/spec/template/metadata/annotations");
  };
  EXPECT_EQ(annotations({}), annotations({}));
  EXPECT_NE(annotations({}), annotations({SharingMode::time_slicing, 4}));
}

TEST(DevicePluginObjects, MpsBringsItsDaemon) {
  DevicePluginWish wish;
  wish.sharing = {SharingMode::mps, 2};
  wish.nodes = {{{{"a", "In", {"b"}}}, {}}};
  const auto objects = device_plugin_objects(wish, WithRuntimeClass::no).value();
  const auto& daemon = find(objects, "DaemonSet", k_mps_name);
  const auto& plugin = find(objects, "DaemonSet", k_plugin_name);
  EXPECT_EQ(at(daemon, "/spec/template/spec/affinity"), at(plugin, "/spec/template/spec/affinity"));
  EXPECT_EQ(at(plugin, "/spec/template/spec/containers/0/volumeMounts").size(), 4U);
  EXPECT_EQ(at(plugin, "/spec/template/spec/volumes").size(), 4U);
}

TEST(DevicePluginObjects, MigNeedsACapability) {
  DevicePluginWish wish;
  wish.mig_strategy = "mixed";
  const auto objects = device_plugin_objects(wish, WithRuntimeClass::no).value();
  const auto& plugin = find(objects, "DaemonSet", k_plugin_name);
  EXPECT_EQ(at(plugin, "/spec/template/spec/containers/0/securityContext/capabilities"),
            json(R"({"drop": ["ALL"], "add": ["SYS_ADMIN"]})"));
  // Kubernetes rejects a ban on privilege escalation beside that capability.
  EXPECT_TRUE(
      at(plugin, "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation")
          .is_null());
}

}  // namespace
}  // namespace kai::gpu
