// What a rule's patch promises: applied to the object, it leaves nothing to find.
#include "builders.hpp"

#include <gtest/gtest.h>
#include <kai/audit/rules.hpp>

namespace kai::audit::test {
namespace {

std::vector<Finding> check(const Rule& rule, const std::vector<model::Json>& documents) {
  FactsBuilder builder({});
  for (const model::Json& document : documents) builder.add(document);
  const Facts facts = builder.finish();
  std::vector<Finding> found;
  Findings findings([&](Finding&& finding) { found.push_back(std::move(finding)); });
  rule.check(facts, findings);
  return found;
}

void apply(const Finding& finding, std::vector<model::Json>& documents) {
  for (model::Json& document : documents) {
    if (model::string_at(document, {"kind"}) != finding.object.kind ||
        model::string_at(document, {"metadata", "name"}) != finding.object.name) {
      continue;
    }
    if (finding.patch->type == Patch::Type::json) {
      document = document.patch(finding.patch->body);
    } else {
      document.merge_patch(finding.patch->body);
    }
  }
}

std::string pod_with(std::string_view container) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: team}\n"
         "spec: {containers: [{name: m, image: i, " +
         std::string(container) + "}]}\n";
}

std::string rdma(std::string_view context) {
  return pod_with("resources: {limits: {rdma/hca: 1}}" + std::string(context));
}

struct Case {
  std::string_view rule;
  std::string yaml;
};

TEST(Patches, LeaveNothingToFind) {
  const Case cases[] = {
      {"gpu-fractional",
       pod_with("resources: {limits: {nvidia.com/gpu: 500m}, requests: {nvidia.com/gpu: 0.5}}")},
      {"gpu-fractional", pod_with("resources: {limits: {nvidia.com/mig-1g.10gb: 1.5}}")},
      {"gpu-rdma-ipc-lock", rdma("")},
      {"gpu-rdma-ipc-lock", rdma(", securityContext: {runAsUser: 0}")},
      {"gpu-rdma-ipc-lock", rdma(", securityContext: {capabilities: {drop: [ALL]}}")},
      {"gpu-rdma-ipc-lock", rdma(", securityContext: {capabilities: {add: [NET_RAW]}}")},
      {"gpu-no-spread", R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: team}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: a}}
    spec: {containers: [{name: m, resources: {limits: {nvidia.com/gpu: 1}}}]}
)"},
      {"gpu-job-no-ttl", R"(
apiVersion: batch/v1
kind: Job
metadata: {name: a, namespace: team}
spec: {template: {spec: {containers: [{name: m, resources: {limits: {nvidia.com/gpu: 1}}}]}}}
)"},
      {"priority-out-of-range",
       "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: a}\n"
       "value: 2000000000\n"},
      {"priority-several-defaults", R"(
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: a}
value: 1
globalDefault: true
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: b}
value: 2
globalDefault: true
)"},
  };
  for (const Case& each : cases) {
    const Rule* const rule = find_rule(each.rule);
    ASSERT_NE(rule, nullptr) << each.rule;
    std::vector<model::Json> objects = documents(each.yaml);
    const auto findings = check(*rule, objects);
    ASSERT_EQ(findings.size(), 1U) << each.rule << each.yaml;
    ASSERT_TRUE(findings[0].patch) << each.rule;
    apply(findings[0], objects);
    EXPECT_TRUE(check(*rule, objects).empty()) << each.rule << objects[0].dump(2);
  }
}

}  // namespace
}  // namespace kai::audit::test
