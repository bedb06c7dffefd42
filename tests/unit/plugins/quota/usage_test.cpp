#include "usage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/yaml.hpp>

#include <string>
#include <string_view>

namespace kai::quota {
namespace {

using model::Quantity;
using testing::HasSubstr;

PodUse pod_of(std::string_view yaml) {
  const auto document = model::parse_yaml(yaml, {});
  EXPECT_TRUE(document) << document.error().message;
  const auto pod = PodUse::from_json(document->value);
  EXPECT_TRUE(pod);
  return pod.value_or(PodUse());
}

std::string used(const PodUse& pod, std::string_view key) {
  const auto found = pod.used.find(key);
  return found == pod.used.end() ? "none" : found->second.to_string();
}

Quantity amount(std::string_view text) {
  return *Quantity::parse(text);
}

constexpr std::string_view k_trainer = R"(
metadata:
  name: trainer-0
  namespace: team
  ownerReferences: [{kind: StatefulSet, name: trainer, controller: true}]
spec:
  priorityClassName: high
  initContainers:
  - {name: fetch, resources: {requests: {cpu: "6"}}}
  - {name: proxy, restartPolicy: Always, resources: {requests: {cpu: 500m}}}
  containers:
  - {name: main, resources: {requests: {cpu: "2"}, limits: {cpu: "4", nvidia.com/gpu: 2}}}
  - {name: log, resources: {requests: {cpu: 250m}}}
)";

TEST(PodUse, CountsAsTheQuotaControllerDoes) {
  const PodUse pod = pod_of(k_trainer);
  EXPECT_EQ(pod.owner, "StatefulSet trainer");
  EXPECT_EQ(pod.priority, "high");
  EXPECT_EQ(used(pod, "pods"), "1");
  // The init container that ends needs more than all that stay.
  EXPECT_EQ(used(pod, "requests.cpu"), "6");
  EXPECT_EQ(used(pod, "cpu"), "6");
  EXPECT_EQ(used(pod, "limits.cpu"), "4");
  EXPECT_EQ(used(pod, "requests.nvidia.com/gpu"), "2");
  EXPECT_EQ(used(pod, "limits.nvidia.com/gpu"), "none");
}

TEST(PodUse, LeavesOutPodsThatAreDone) {
  for (const char* const phase : {"Succeeded", "Failed"}) {
    const auto json = model::Json{{"status", {{"phase", phase}}}};
    EXPECT_FALSE(PodUse::from_json(json)) << phase;
  }
  EXPECT_TRUE(PodUse::from_json({{"status", {{"phase", "Pending"}}}}));
}

TEST(WhyRefused, WantsFromEveryContainerWhatTheQuotaCounts) {
  const PodUse pod = pod_of(k_trainer);
  EXPECT_EQ(why_refused(pod, {{"requests.nvidia.com/gpu", amount("1")}}, {}), "");
  EXPECT_EQ(why_refused(pod, {{"requests.cpu", amount("1")}}, {}), "");
  EXPECT_THAT(why_refused(pod, {{"limits.cpu", amount("9")}}, {}),
              HasSubstr("container fetch has no limit of cpu"));
  EXPECT_THAT(why_refused(pod, {{"requests.memory", amount("1Gi")}}, {}),
              HasSubstr("has no request of memory, which the quota of requests.memory asks for"));
}

TEST(WhyRefused, TakesDefaultsForWhatIsMissing) {
  const PodUse pod = pod_of(k_trainer);
  const model::ResourceAmounts hard{{"limits.cpu", amount("40")},
                                    {"requests.memory", amount("1Gi")}};
  model::ContainerDefaults defaults;
  defaults.limits = {{"cpu", amount("8")}, {"memory", amount("1Gi")}};
  EXPECT_EQ(why_refused(pod, hard, {defaults}), "");
  // A limit that a container is given may be less than what it requests.
  defaults.limits["cpu"] = amount("4");
  EXPECT_EQ(why_refused(pod, hard, {defaults}),
            "container fetch requests cpu 6, more than the default limit 4");
}

TEST(IsOfPods, TellsApart) {
  for (const char* const key : {"pods", "cpu", "requests.cpu", "limits.memory", "count/pods",
                                "requests.nvidia.com/mig-1g.5gb"}) {
    EXPECT_TRUE(is_of_pods(key)) << key;
  }
  for (const char* const key : {"requests.storage", "persistentvolumeclaims", "count/jobs.batch",
                                "services.loadbalancers"}) {
    EXPECT_FALSE(is_of_pods(key)) << key;
  }
}

}  // namespace
}  // namespace kai::quota
