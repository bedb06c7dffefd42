#include "workload.hpp"

#include "builders.hpp"

#include <gtest/gtest.h>

namespace kai::gpu {
namespace {

using test::daemon_set;
using test::ready_node;
using test::taint;

TEST(DevicePlugin, IsRecognisedByItsImage) {
  const auto is_one = [](const char* image) { return is_device_plugin(daemon_set("d", image)); };
  EXPECT_TRUE(is_one("nvcr.io/nvidia/k8s-device-plugin:v0.20.0"));
  EXPECT_TRUE(is_one("registry.corp:5000/mirror/k8s-device-plugin@sha256:0123"));
  EXPECT_TRUE(is_one("k8s-device-plugin"));
  EXPECT_TRUE(is_one("gke.gcr.io/nvidia-gpu-device-plugin@sha256:0123"));
  EXPECT_TRUE(is_one("docker.io/projecthami/hami:v2.4.0"));
  EXPECT_FALSE(is_one("docker.io/rocm/k8s-device-plugin:1.31"));
  EXPECT_FALSE(is_one("nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0"));
  EXPECT_FALSE(is_one("quay.io/corp/smarter-device-manager:v1"));
}

DaemonSet plugin(const char* name, bool ours = false) {
  DaemonSet set = daemon_set(name, "nvcr.io/nvidia/k8s-device-plugin:v0.20.0");
  set.ours = ours;
  return set;
}

TEST(Stack, WhoeverElseIsThereHasTheSay) {
  EXPECT_EQ(recognise_stack({daemon_set("d", "busybox")}, false).kind, StackKind::none);
  EXPECT_EQ(recognise_stack({plugin("mine", true)}, false).kind, StackKind::ours);
  const std::vector<DaemonSet> both = {plugin("mine", true), plugin("theirs")};
  const Stack other = recognise_stack(both, false);
  EXPECT_EQ(other.kind, StackKind::other_plugin);
  EXPECT_EQ(other.name, "DaemonSet kube-system/theirs");
  ASSERT_EQ(other.plugins.size(), 1U);
  const Stack by_operator = recognise_stack(both, true);
  EXPECT_EQ(by_operator.kind, StackKind::gpu_operator);
  EXPECT_EQ(by_operator.name, "gpu-operator");
  // Its CRD can outlive the operator's DaemonSets: an object decides.
  EXPECT_EQ(recognise_stack({}, true).kind, StackKind::gpu_operator);
}

TEST(DaemonSet, ReadsThePodTemplate) {
  const DaemonSet set = DaemonSet::from_json(test::json(R"({
    "metadata": {"namespace": "kube-system", "name": "p", "uid": "u",
                 "labels": {"app.kubernetes.io/managed-by": "kubectl-ai"}},
    "spec": {"template": {"spec": {"nodeSelector": {"gpu": "yes"},
      "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
      "initContainers": [{"image": "a"}], "containers": [{"image": "b"}]}}},
    "status": {"desiredNumberScheduled": 3, "numberReady": 2}})"));
  EXPECT_EQ(set.ref.to_string(), "DaemonSet kube-system/p");
  EXPECT_TRUE(set.ours);
  EXPECT_EQ(set.images, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(set.desired, 3);
  EXPECT_EQ(set.ready, 2);

  model::Node node = ready_node("n", {{"gpu", "yes"}});
  node.taints = {taint("nvidia.com/gpu=x:NoSchedule"),
                 taint("node.kubernetes.io/not-ready:NoExecute"),
                 taint("node.kubernetes.io/unschedulable:NoSchedule")};
  EXPECT_TRUE(runs_on(set, node));
  node.taints.push_back(taint("dedicated=ml:NoSchedule"));
  EXPECT_FALSE(runs_on(set, node));
  EXPECT_FALSE(runs_on(set, ready_node("m")));
}

}  // namespace
}  // namespace kai::gpu
