#include <gtest/gtest.h>
#include <kai/apply/order.hpp>

namespace kai::apply {
namespace {

using model::ObjectRef;

TEST(StageOf, WhatOthersNeedComesFirst) {
  EXPECT_EQ(stage_of({"v1", "Namespace", "", "a"}), Stage::definitions);
  EXPECT_EQ(stage_of({"apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "a"}),
            Stage::definitions);
  EXPECT_EQ(stage_of({"node.k8s.io/v1", "RuntimeClass", "", "nvidia"}), Stage::classes);
  EXPECT_EQ(stage_of({"scheduling.k8s.io/v1", "PriorityClass", "", "high"}), Stage::classes);
  EXPECT_EQ(stage_of({"apps/v1", "DaemonSet", "kube-system", "plugin"}), Stage::rest);
  EXPECT_EQ(stage_of({"v1", "Node", "", "gpu-a"}), Stage::rest);
}

TEST(StageOf, AClassInANamespaceIsNoClass) {
  EXPECT_EQ(stage_of({"example.org/v1", "ModelClass", "team", "a"}), Stage::rest);
}

int rank(std::string_view kind) {
  return rank_of({"v1", std::string(kind), "team", "a"});
}

TEST(RankOf, ConfigurationComesBeforeWorkloadsAndWebhooksLast) {
  EXPECT_LT(rank("ResourceQuota"), rank("ServiceAccount"));
  EXPECT_LT(rank("ServiceAccount"), rank("Role"));
  EXPECT_LT(rank("Role"), rank("RoleBinding"));
  EXPECT_LT(rank("RoleBinding"), rank("ConfigMap"));
  EXPECT_LT(rank("Secret"), rank("Deployment"));
  EXPECT_LT(rank("ConfigMap"), rank("DaemonSet"));
  EXPECT_EQ(rank("Deployment"), rank("AnythingElse"));
  EXPECT_LT(rank("Deployment"), rank("ValidatingWebhookConfiguration"));
  EXPECT_EQ(rank("MutatingWebhookConfiguration"), rank("ValidatingWebhookConfiguration"));
}

}  // namespace
}  // namespace kai::apply
