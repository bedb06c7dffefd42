#include "impact.hpp"

#include "builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kai::gpu {
namespace {

using test::daemon_set;
using test::pod_on;
using test::ready_node;
using test::taint;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines(const std::vector<Impact>& impacts) {
  std::vector<std::string> result;
  for (const Impact& impact : impacts) {
    std::string line = std::string(to_string(impact.kind)) + " " + impact.object.to_string();
    if (!impact.controller.empty()) line += " (" + impact.controller + ")";
    if (!impact.detail.empty() && impact.kind != ImpactKind::daemon_shut_out) {
      line += ": " + impact.detail;
    }
    result.push_back(line);
  }
  return result;
}

class ImpactTest : public testing::Test {
 protected:
  ImpactTest() {
    facts.nodes = {ready_node("gpu-a"), ready_node("gpu-b")};
    model::Pod web = pod_on("gpu-a", "web-6d4cf56db6-x2x4z");
    web.owner_kind = "ReplicaSet";
    web.owner_name = "web-6d4cf56db6";
    web.labels = {{"pod-template-hash", "6d4cf56db6"}};
    model::Pod tolerant = pod_on("gpu-a", "trainer", "2");
    tolerant.placement.tolerations = {{"nvidia.com/gpu", "Exists", "", ""}};
    model::Pod mirror = pod_on("gpu-a", "kube-proxy-gpu-a");
    mirror.is_static = true;
    model::Pod done = pod_on("gpu-a", "done");
    done.phase = "Succeeded";
    model::Pod of_daemon = pod_on("gpu-a", "logs-1");
    of_daemon.owner_kind = "DaemonSet";
    facts.pods = {web,
                  tolerant,
                  mirror,
                  done,
                  of_daemon,
                  pod_on("gpu-a", "notebook", "1"),
                  pod_on("gpu-b", "elsewhere")};

    DaemonSet logs = daemon_set("logs", "fluentd");
    DaemonSet everywhere = daemon_set("proxy", "kube-proxy");
    everywhere.placement.tolerations = {{"", "Exists", "", ""}};
    DaemonSet elsewhere = daemon_set("arm", "arm");
    elsewhere.placement.node_selector = {{"arch", "arm64"}};
    DaemonSet ours = daemon_set("nvidia-device-plugin", "k8s-device-plugin");
    ours.ours = true;
    facts.daemon_sets = {logs, everywhere, elsewhere, ours};
  }
  ClusterFacts facts;
};

TEST_F(ImpactTest, NoScheduleKeepsPodsFromReturning) {
  EXPECT_THAT(lines(impact_of(taint("nvidia.com/gpu=true:NoSchedule"), facts.nodes[0], facts)),
              ElementsAre("cannotReturn Pod team/notebook: holds 1 GPU",
                          "cannotReturn Pod team/web-6d4cf56db6-x2x4z (Deployment web)",
                          "daemonShutOut DaemonSet kube-system/logs"));
}

TEST_F(ImpactTest, NoExecuteEvicts) {
  EXPECT_THAT(lines(impact_of(taint("nvidia.com/gpu=true:NoExecute"), facts.nodes[0], facts)),
              ElementsAre("evicted Pod team/notebook: holds 1 GPU",
                          "evicted Pod team/web-6d4cf56db6-x2x4z (Deployment web)",
                          "daemonShutOut DaemonSet kube-system/logs"));
}

TEST_F(ImpactTest, PreferNoScheduleHurtsNobody) {
  EXPECT_THAT(impact_of(taint("nvidia.com/gpu=true:PreferNoSchedule"), facts.nodes[0], facts),
              IsEmpty());
}

TEST_F(ImpactTest, ADaemonThatAnotherTaintKeepsAwayLosesNothing) {
  facts.nodes[0].taints = {taint("dedicated:NoSchedule")};
  facts.pods.clear();
  EXPECT_THAT(impact_of(taint("nvidia.com/gpu=true:NoSchedule"), facts.nodes[0], facts), IsEmpty());
}

}  // namespace
}  // namespace kai::gpu
