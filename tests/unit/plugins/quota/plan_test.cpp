#include "plan.hpp"

#include "objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/yaml.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::quota {
namespace {

using model::Json;
using model::Resource;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

model::Profile profile_of(std::string_view namespaces) {
  const std::string text =
      "apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nmetadata: {name: "
      "lab}\nspec:\n  namespaces:\n" +
      std::string(namespaces);
  auto profile = model::parse_profile(text, "lab.yaml");
  EXPECT_TRUE(profile) << profile.error().message;
  return profile ? *std::move(profile) : model::Profile();
}

Resource foreign_quota(const std::string& name, std::string_view gpus) {
  return Resource(Json{{"apiVersion", "v1"},
                       {"kind", "ResourceQuota"},
                       {"metadata", {{"name", name}, {"namespace", "team"}}},
                       {"spec", {{"hard", {{"requests.nvidia.com/gpu", gpus}}}}}});
}

PodUse plain_pod(const std::string& name) {
  const Json json{{"metadata", {{"name", name}, {"namespace", "team"}}},
                  {"spec", {{"containers", {{{"name", "main"}}}}}}};
  return *PodUse::from_json(json);
}

std::vector<std::string> applied(const QuotaPlan& plan) {
  std::vector<std::string> names;
  for (const apply::Step& step : plan.steps) {
    if (const auto* const change = std::get_if<apply::ApplyConfig>(&step.action)) {
      names.push_back(change->config.ref().to_string());
    }
  }
  return names;
}

const char* const k_team = "  - {name: team, quota: {requests.cpu: 4, gpus: 3}}\n";

TEST(QuotaPlan, MakesTheNamespaceThatIsMissing) {
  const model::Profile profile = profile_of(k_team);
  const auto request = make_request({}, &profile);
  ASSERT_TRUE(request);
  const auto plan = make_plan(*request, {}, kube::Force::no);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(applied(*plan), ElementsAre("Namespace team", "ResourceQuota team/kubectl-ai"));
}

TEST(QuotaPlan, WhatANamespaceMayRefuseIsAskedOfTheServer) {
  const model::Profile profile = profile_of(k_team);
  const auto request = make_request({}, &profile);
  ASSERT_TRUE(request);
  const auto is_new = [&](const ClusterState& state) {
    const auto plan = make_plan(*request, state, kube::Force::no);
    return std::get<apply::ApplyConfig>(plan.value().steps.back().action).is_new;
  };
  ClusterState state;
  state.namespaces = {"team"};
  EXPECT_TRUE(is_new(state));
  state.terminating = {"team"};
  EXPECT_FALSE(is_new(state));
  state.terminating.clear();
  state.quotas.push_back(foreign_quota("theirs", "1"));
  EXPECT_FALSE(is_new(state));
}

TEST(QuotaPlan, NamesPodsThatCouldNotComeAgainAndQuotasOfOthers) {
  const model::Profile profile = profile_of(k_team);
  const auto request = make_request({}, &profile);
  ClusterState state;
  state.namespaces = {"team"};
  state.pods.push_back(plain_pod("web"));
  state.quotas.push_back(foreign_quota("old", "8"));
  state.gpus = model::ResourceAmounts{{"nvidia.com/gpu", model::Quantity::of(2)}};
  const auto plan = make_plan(*request, state, kube::Force::no);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(applied(*plan), ElementsAre("ResourceQuota team/kubectl-ai"));
  ASSERT_EQ(plan->impacts.size(), 1U);
  EXPECT_EQ(plan->impacts.front().object.name, "web");
  EXPECT_THAT(plan->impacts.front().detail, HasSubstr("has no request of cpu"));
  EXPECT_THAT(plan->notes, Contains("ResourceQuota team/old is not ours, and counts as well"));
  // Of both quotas of the namespace the smaller one counts.
  EXPECT_THAT(plan->notes, Contains("quotas promise 3 nvidia.com/gpu, and the nodes have 2"));
}

TEST(QuotaPlan, DefaultsKeepPlainPodsAlive) {
  const model::Profile profile = profile_of(
      "  - {name: team, quota: {requests.cpu: 4}, defaults: {cpu: 500m, memory: 1Gi}}\n");
  const auto request = make_request({}, &profile);
  ClusterState state;
  state.namespaces = {"team"};
  state.pods.push_back(plain_pod("web"));
  const auto plan = make_plan(*request, state, kube::Force::no);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->impacts, IsEmpty());
}

TEST(QuotaPlan, RefusesToTakeOverAnObjectOfOthers) {
  const model::Profile profile = profile_of(k_team);
  const auto request = make_request({}, &profile);
  ClusterState state;
  state.namespaces = {"team"};
  state.quotas.push_back(foreign_quota("kubectl-ai", "1"));
  const auto plan = make_plan(*request, state, kube::Force::no);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::conflict);
  EXPECT_TRUE(make_plan(*request, state, kube::Force::yes));
}

TEST(QuotaPlan, UndoLeavesWhatOthersHaveMade) {
  ClusterState state;
  state.quotas.push_back(foreign_quota("old", "8"));
  EXPECT_THAT(make_undo(state, kube::Force::yes).steps, IsEmpty());
}

TEST(QuotaRequest, RewritesKeysThatCountNothing) {
  QuotaFlags flags;
  flags.ns = "team";
  flags.hard = {"limits.nvidia.com/gpu=2"};
  const auto request = make_request(flags, nullptr);
  ASSERT_TRUE(request) << request.error().message;
  const auto& hard = request->namespaces.front().quotas.at("");
  EXPECT_TRUE(hard.contains("requests.nvidia.com/gpu"));
  EXPECT_EQ(hard.size(), 1U);
  EXPECT_THAT(request->notes, ElementsAre(HasSubstr("becomes requests.nvidia.com/gpu")));
}

TEST(QuotaRequest, TellsAllThatIsWrongWithFlagsAtOnce) {
  QuotaFlags flags;
  flags.ns = "team";
  flags.gpus = "1500m";
  flags.hard = {"requests.cpu", "pods=-1", "pods=1x"};
  const auto request = make_request(flags, nullptr);
  ASSERT_FALSE(request);
  for (const char* const part : {"--hard requests.cpu must be RESOURCE=AMOUNT", "below zero",
                                 "--hard pods:", "must be a whole number"}) {
    EXPECT_THAT(request.error().message, HasSubstr(part));
  }
}

}  // namespace
}  // namespace kai::quota
