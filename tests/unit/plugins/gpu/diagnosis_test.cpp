#include "diagnosis.hpp"

#include "builders.hpp"
#include "node_setup.hpp"

#include <gtest/gtest.h>

namespace kai::gpu {
namespace {

using test::daemon_set;
using test::pod_on;
using test::q;
using test::ready_node;
using test::taint;

TEST(GpuNode, ByResourceLabelOrRecord) {
  EXPECT_FALSE(is_gpu_node(ready_node("cpu", {}, {{"cpu", q("8")}})));
  EXPECT_TRUE(is_gpu_node(ready_node("a", {}, {{"nvidia.com/gpu", q("0")}})));
  EXPECT_TRUE(
      is_gpu_node(ready_node("b", {{"feature.node.kubernetes.io/pci-10de.present", "true"}})));
  EXPECT_FALSE(is_gpu_node(ready_node("c", {{"nvidia.com/gpu.present", "false"}})));
  model::Node set_up = ready_node("d");
  set_up.annotations = {{std::string(k_record_annotation), "{}"}};
  EXPECT_TRUE(is_gpu_node(set_up));
}

class WhyNoGpus : public testing::Test {
 protected:
  std::string why() {
    facts.nodes = {node};
    return why_no_gpus(facts.nodes[0], facts).value_or("it has");
  }
  DaemonSet& add_plugin() {
    facts.daemon_sets.push_back(daemon_set("plugin", "nvidia/k8s-device-plugin:v1"));
    return facts.daemon_sets.back();
  }
  model::Pod& add_plugin_pod() {
    model::Pod pod = pod_on("gpu-a", "plugin-x");
    pod.ns = "kube-system";
    pod.owner_kind = "DaemonSet";
    pod.owner_name = "plugin";
    pod.containers = {{"ctr", "", true, 0, "", "", false, 0, ""}};
    facts.pods.push_back(pod);
    return facts.pods.back();
  }
  model::Node node = ready_node("gpu-a", {{"nvidia.com/gpu", "true"}});
  ClusterFacts facts;
};

TEST_F(WhyNoGpus, ItHas) {
  node.capacity = {{"nvidia.com/mig-1g.5gb", q("7")}, {"nvidia.com/gpu", q("0")}};
  node.allocatable = node.capacity;
  EXPECT_EQ(why(), "it has");
}

TEST_F(WhyNoGpus, AllWithdrawn) {
  node.capacity = {{"nvidia.com/gpu", q("4")}};
  node.allocatable = {{"nvidia.com/gpu", q("0")}};
  // A kubelet keeps the capacity for a while when the plugin has gone.
  EXPECT_EQ(why(), "no device plugin in the cluster");
  add_plugin();
  add_plugin_pod();
  EXPECT_EQ(why(), "all 4 withdrawn as unhealthy by the device plugin");
}

TEST_F(WhyNoGpus, NotReady) {
  node.conditions = {{"Ready", "Unknown", "NodeStatusUnknown", "", ""}};
  EXPECT_EQ(why(), "the node is NotReady (NodeStatusUnknown)");
}

TEST_F(WhyNoGpus, NoSuchDevice) {
  node.labels.emplace("feature.node.kubernetes.io/cpu-cpuid.AVX", "true");
  EXPECT_EQ(why(), "node feature discovery sees no NVIDIA device");
  node.labels.emplace("feature.node.kubernetes.io/pci-10de.present", "true");
  EXPECT_EQ(why(), "no device plugin in the cluster");
}

TEST_F(WhyNoGpus, TheOperatorRunsNone) {
  facts.has_cluster_policy = true;
  EXPECT_EQ(why(), "gpu-operator runs no device plugin");
}

TEST_F(WhyNoGpus, ThePluginGoesElsewhere) {
  add_plugin().placement.node_selector = {{"nvidia.com/gpu.deploy.device-plugin", "true"}};
  EXPECT_EQ(
      why(),
      "kube-system/plugin runs only on nodes labelled nvidia.com/gpu.deploy.device-plugin=true");
}

TEST_F(WhyNoGpus, ThePluginDoesNotTolerateATaint) {
  add_plugin().placement.tolerations = {{"nvidia.com/gpu", "Exists", "", ""}};
  node.taints = {taint("nvidia.com/gpu=true:NoSchedule"), taint("dedicated=ml:NoSchedule")};
  EXPECT_EQ(why(), "kube-system/plugin does not tolerate taint dedicated=ml:NoSchedule");
}

TEST_F(WhyNoGpus, ItsPod) {
  add_plugin();
  EXPECT_EQ(why(), "kube-system/plugin has no running pod on it");
  model::Pod& pod = add_plugin_pod();
  EXPECT_EQ(
      why(),
      "device plugin pod kube-system/plugin-x runs but finds no GPU: driver or container toolkit?");
  pod.containers[0].ready = false;
  pod.containers[0].waiting_reason = "CrashLoopBackOff";
  EXPECT_EQ(why(), "device plugin pod kube-system/plugin-x: CrashLoopBackOff");
  pod.containers[0].waiting_reason = "ContainerCreating";
  EXPECT_EQ(why(), "device plugin pod kube-system/plugin-x: ContainerCreating");
  pod.containers.clear();
  pod.phase = "Pending";
  EXPECT_EQ(why(), "device plugin pod kube-system/plugin-x: Pending");
}

}  // namespace
}  // namespace kai::gpu
