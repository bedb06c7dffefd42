#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/engine.hpp>
#include <kai/audit/rules.hpp>

#include <algorithm>
#include <set>

#include "builders.hpp"

namespace kai::audit {
namespace {

using test::cluster_of;
using test::facts_of;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

std::vector<const Rule*> only(std::initializer_list<std::string_view> ids) {
  std::vector<const Rule*> rules;
  for (const std::string_view id : ids) rules.push_back(find_rule(id));
  return rules;
}

std::vector<std::string> prints(const Report& report) {
  std::vector<std::string> list;
  for (const Finding& finding : report.findings) list.push_back(finding.fingerprint);
  return list;
}

std::string bypass(std::string_view pod, std::string_view hash, std::string_view api = "v1") {
  return "apiVersion: " + std::string(api) + "\nkind: Pod\nmetadata:\n  name: web-" +
         std::string(hash) + "-" + std::string(pod) +
         "\n  namespace: team\n  labels: {pod-template-hash: " + std::string(hash) +
         "}\n  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-" +
         std::string(hash) + R"(, controller: true}]
spec: {containers: [{name: main, env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]}]}
---
)";
}

TEST(RuleTable, IsSortedOutAndComplete) {
  std::set<std::string_view> ids;
  for (const Rule* const rule : all_rules()) {
    EXPECT_TRUE(ids.insert(rule->id).second) << rule->id;
    EXPECT_EQ(find_rule(rule->id), rule);
    EXPECT_NE(rule->check, nullptr) << rule->id;
    // What only files hold, a kubelet's configuration for one, is no kind to be listed.
    EXPECT_TRUE(rule->where == Where::files || !(rule->needs | rule->reads).empty())
        << rule->id << " looks at nothing";
    for (const std::string_view text : {rule->title, rule->why, rule->fix, rule->reference}) {
      EXPECT_FALSE(text.empty()) << rule->id;
    }
  }
  EXPECT_GE(ids.size(), 20U);
  EXPECT_EQ(find_rule("no-such-rule"), nullptr);
  EXPECT_EQ(find_rule(""), nullptr);
}

TEST(RuleTable, EveryRuleIsSilentWithoutFacts) {
  for (const Facts::View view : {Facts::View::cluster, Facts::View::files}) {
    FactsOptions options;
    options.view = view;
    const Facts facts = facts_of("", options);
    const Report report = run_rules(facts, all_rules(), {});
    EXPECT_THAT(report.findings, IsEmpty());
    EXPECT_TRUE(report.coverage.complete());
  }
}

TEST(Applicable, FollowsTheViewAndTheNamespace) {
  const auto has = [](const std::vector<const Rule*>& rules, std::string_view id) {
    return std::find(rules.begin(), rules.end(), find_rule(id)) != rules.end();
  };
  const auto cluster = applicable(all_rules(), Facts::View::cluster, false);
  EXPECT_TRUE(has(cluster, "gpu-withdrawn"));
  EXPECT_TRUE(has(cluster, "gpu-bypass"));
  EXPECT_FALSE(has(cluster, "gpu-request-limit-mismatch"));
  const auto files = applicable(all_rules(), Facts::View::files, false);
  EXPECT_FALSE(has(files, "gpu-withdrawn"));
  EXPECT_TRUE(has(files, "gpu-request-limit-mismatch"));
  const auto one = applicable(all_rules(), Facts::View::cluster, true);
  EXPECT_FALSE(has(one, "gpu-node-lost"));
  EXPECT_TRUE(has(one, "quota-missing"));
}

TEST(KindsFor, AreThoseOfTheRules) {
  const KindSet kinds = kinds_for(only({"gpu-withdrawn", "quota-gpu-key-inert"}));
  EXPECT_TRUE(kinds.has(Kind::node));
  EXPECT_TRUE(kinds.has(Kind::resource_quota));
  EXPECT_FALSE(kinds.has(Kind::pod));
}

TEST(Fingerprints, SurviveThatPodsAreRecreated) {
  const auto rules = only({"gpu-bypass"});
  const Report before = run_rules(cluster_of(bypass("aaaaa", "6b9f")), rules, {});
  const Report after =
      run_rules(cluster_of(bypass("bbbbb", "77cc") + bypass("ccccc", "77cc")), rules, {});
  ASSERT_EQ(before.findings.size(), 1U);
  EXPECT_EQ(before.findings[0].object.to_string(), "Deployment team/web");
  EXPECT_EQ(prints(before), prints(after));
  EXPECT_THAT(before.findings[0].fingerprint, testing::MatchesRegex("[0-9a-f]{16}"));
}

TEST(Fingerprints, DoNotDependOnTheVersionOrThePlaceOfAField) {
  const auto policy = [](std::string_view api, std::string_view before) {
    return "apiVersion: " + std::string(api) + R"(
kind: NetworkPolicy
metadata: {name: p, namespace: t}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
)" + std::string(before) +
           "  - {ports: [{protocol: UDP, port: 53}]}\n";
  };
  const auto rules = only({"netpol-dns-tcp-missing"});
  const auto print = [&](const std::string& yaml) {
    return prints(run_rules(facts_of(yaml), rules, {}));
  };
  const auto first = print(policy("networking.k8s.io/v1", ""));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first, print(policy("networking.k8s.io/v1", "  - {ports: [{port: 443}]}\n")));
}

TEST(Fingerprints, TellFindingsOfOneObjectApart) {
  const Report report = run_rules(facts_of(R"(
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: t}
spec:
  containers:
  - {name: one, env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]}
  - {name: two, env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]}
)"),
                                  only({"gpu-bypass"}), {});
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_NE(report.findings[0].fingerprint, report.findings[1].fingerprint);
}

TEST(Fingerprints, AreTheSameInEveryRelease) {
  // Baselines of users hold these: a change of the function breaks them all.
  const Report report = run_rules(cluster_of(bypass("aaaaa", "6b9f")), only({"gpu-bypass"}), {});
  EXPECT_THAT(prints(report), ElementsAre("5259b9c256715eff"));
}

TEST(RunRules, OrdersBySeverityThenRuleThenObject) {
  const std::string yaml = bypass("aaaaa", "6b9f") + R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: z, namespace: a}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: a, namespace: z}
---
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: q, namespace: team}
spec: {hard: {nvidia.com/gpu: 1, limits.nvidia.com/gpu: 1}}
)";
  const auto rules =
      only({"rbac-unbound-role", "quota-gpu-key-inert", "psa-missing", "gpu-bypass"});
  const Report report = run_rules(facts_of(yaml), rules, {});
  std::vector<std::string> order;
  for (const Finding& finding : report.findings) {
    order.push_back(std::string(finding.rule->id) + " " + finding.object.to_string());
  }
  EXPECT_THAT(
      order,
      ElementsAre("gpu-bypass Deployment team/web", "quota-gpu-key-inert ResourceQuota team/q",
                  "quota-gpu-key-inert ResourceQuota team/q", "psa-missing Namespace team",
                  "rbac-unbound-role Role a/z", "rbac-unbound-role Role z/a"));
  EXPECT_EQ(report.summary.error, 3);
  EXPECT_EQ(report.summary.warning, 1);
  EXPECT_EQ(report.summary.info, 2);
}

TEST(RunRules, EveryFindingHasAFix) {
  const Report report = run_rules(facts_of(bypass("aaaaa", "6b9f")), only({"gpu-bypass"}), {});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].fix, find_rule("gpu-bypass")->fix);
}

TEST(Coverage, ARuleThatNeedsWhatIsMissingDoesNotRun) {
  const Facts facts = cluster_of(bypass("aaaaa", "6b9f"));
  const auto rules = only({"gpu-bypass", "gpu-pending", "gpu-node-lost"});
  const std::vector<Gap> gaps = {{Kind::node, "forbidden: nodes", std::nullopt}};
  const Report report = run_rules(facts, rules, gaps);
  EXPECT_EQ(report.rules, 1);
  EXPECT_EQ(report.findings.size(), 1U);
  ASSERT_EQ(report.coverage.not_checked.size(), 1U);
  EXPECT_EQ(report.coverage.not_checked[0].kind, "Node");
  EXPECT_EQ(report.coverage.not_checked[0].reason, "forbidden: nodes");
  EXPECT_THAT(report.coverage.not_checked[0].rules, ElementsAre("gpu-node-lost", "gpu-pending"));
  EXPECT_FALSE(report.coverage.complete());
}

TEST(Coverage, ARuleThatOnlyReadsWhatIsMissingRunsAndIsNamed) {
  const Facts facts = cluster_of(bypass("aaaaa", "6b9f"));
  const std::vector<Gap> gaps = {{Kind::cron_job, "timed out", std::nullopt}};
  const Report report = run_rules(facts, only({"gpu-bypass"}), gaps);
  EXPECT_EQ(report.findings.size(), 1U);
  EXPECT_THAT(report.coverage.not_checked.at(0).rules, ElementsAre("gpu-bypass"));
}

TEST(Coverage, WhatLiesOutsideTheNamespaceIsMissedOnlyByRulesThatNeedIt) {
  FactsOptions options;
  options.view = Facts::View::cluster;
  options.only_ns = "team";
  const Facts facts = facts_of(
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n---\n" + bypass("a", "b"), options);
  Gap gap{Kind::name_space, "only team could be read", std::nullopt};
  const auto rules = only({"psa-missing", "netpol-namespace-name-label"});
  const auto missed_by = [&] {
    return run_rules(facts, rules, {&gap, 1}).coverage.not_checked.at(0).rules;
  };
  EXPECT_THAT(missed_by(), ElementsAre("netpol-namespace-name-label", "psa-missing"));
  gap.what_was_asked_for_is_known = true;
  EXPECT_THAT(missed_by(), ElementsAre("netpol-namespace-name-label"));
  const Report report = run_rules(facts, rules, {&gap, 1});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].object.to_string(), "Namespace team");
}

TEST(Coverage, ABrokenDocumentIsAGapOfNoKind) {
  const std::vector<Gap> gaps = {{std::nullopt, "malformed", Location{"a.yaml", 3, 1}}};
  const Report report = run_rules(facts_of(bypass("aaaaa", "6b9f")), only({"gpu-bypass"}), gaps);
  EXPECT_EQ(report.rules, 1);
  EXPECT_EQ(report.coverage.not_checked.at(0).kind, "Document");
  EXPECT_EQ(report.coverage.not_checked.at(0).location, (Location{"a.yaml", 3, 1}));
}

TEST(Coverage, WhatWasListedAndIsEmptyWasChecked) {
  FactsOptions options;
  options.view = Facts::View::cluster;
  FactsBuilder builder(options);
  builder.set_complete(Kind::node);
  const Facts facts = builder.finish();
  EXPECT_THAT(run_rules(facts, only({"gpu-node-lost"}), {}).coverage.checked, ElementsAre("Node"));
  EXPECT_THAT(run_rules(facts_of(bypass("a", "b")), only({"gpu-bypass"}), {}).coverage.checked,
              ElementsAre("Pod"));
}

TEST(Finding, ItsDetailsArePartOfTheWholeMessage) {
  Finding finding;
  finding.message = "waits";
  finding.details = {"taint: a", "full: b"};
  EXPECT_EQ(finding.full_message(), "waits; taint: a; full: b");
}

TEST(Engine, GivesManyObjectsTheReportThatRulesGiveOneByOne) {
  std::string yaml;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "team-" + std::to_string(i);
    yaml += "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + "}\n---\n";
    if (i % 3 == 0) yaml += bypass(std::to_string(i), "6b9f");
  }
  const Facts facts = cluster_of(yaml);
  const Report together = run_rules(facts, all_rules(), {});
  std::vector<std::string> one_by_one;
  std::set<std::string_view> rules;
  for (const Finding& finding : together.findings) rules.insert(finding.rule->id);
  for (const Rule* const rule : all_rules()) {
    for (std::string& print : prints(run_rules(facts, std::span(&rule, 1), {}))) {
      one_by_one.push_back(std::move(print));
    }
  }
  EXPECT_GE(rules.size(), 3U);
  std::vector<std::string> all = prints(together);
  EXPECT_EQ(all, prints(run_rules(facts, all_rules(), {})));
  std::sort(all.begin(), all.end());
  std::sort(one_by_one.begin(), one_by_one.end());
  EXPECT_EQ(all, one_by_one);
}

}  // namespace
}  // namespace kai::audit
