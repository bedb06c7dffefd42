#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/baseline.hpp>
#include <kai/audit/engine.hpp>
#include <kai/audit/rules.hpp>

#include "builders.hpp"

namespace kai::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Report inert_quotas(std::initializer_list<std::string_view> names, std::vector<Gap> gaps = {}) {
  std::string yaml = "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n";
  for (const std::string_view name : names) {
    yaml += "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {namespace: team, name: " +
            std::string(name) + "}\nspec: {hard: {limits.nvidia.com/gpu: 4}}\n";
  }
  const Rule* const rules[] = {find_rule("quota-gpu-key-inert")};
  return run_rules(test::facts_of(yaml), rules, gaps);
}

EarlierFindings earlier(const std::string& text) {
  auto parsed = parse_earlier_findings(text, "known.yaml");
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().to_string());
  return parsed ? *parsed : EarlierFindings();
}

std::vector<std::string> names_of(const FindingList& findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) names.push_back(finding.object.name);
  return names;
}
std::vector<std::string> names_of(const std::vector<KnownFinding>& findings) {
  std::vector<std::string> names;
  for (const KnownFinding& finding : findings) names.push_back(finding.object.name);
  return names;
}

TEST(Baseline, OnlyWhatIsNewCounts) {
  const EarlierFindings before = earlier(baseline_of(inert_quotas({"a", "b"}), nullptr));
  Report report = inert_quotas({"b", "c"});
  apply_baseline(report, before);
  EXPECT_THAT(names_of(report.findings), ElementsAre("c"));
  EXPECT_EQ(report.summary.error, 1);
  ASSERT_TRUE(report.baseline);
  EXPECT_THAT(names_of(report.baseline->known), ElementsAre("b"));
  EXPECT_THAT(names_of(report.baseline->gone), ElementsAre("a"));
}

TEST(Baseline, WhatWasNotLookedForIsNotGone) {
  const EarlierFindings before = earlier(baseline_of(inert_quotas({"a"}), nullptr));
  Report blind = inert_quotas({}, {{Kind::resource_quota, "forbidden", std::nullopt}});
  apply_baseline(blind, before);
  EXPECT_THAT(blind.baseline->gone, IsEmpty());
  // Written again, it keeps what could not be judged.
  EXPECT_THAT(names_of(earlier(baseline_of(blind, &before)).findings), ElementsAre("a"));
  Report seeing = inert_quotas({});
  apply_baseline(seeing, before);
  EXPECT_THAT(earlier(baseline_of(seeing, &before)).findings, IsEmpty());
}

TEST(Baseline, WrittenTwiceIsTheSame) {
  const std::string once = baseline_of(inert_quotas({"b", "a", "c"}), nullptr);
  EXPECT_EQ(once, baseline_of(inert_quotas({"c", "b", "a"}), nullptr));
  const EarlierFindings before = earlier(once);
  Report report = inert_quotas({"a", "b", "c"});
  apply_baseline(report, before);
  EXPECT_EQ(baseline_of(report, &before), once);
}

TEST(Baseline, AnExceptedFindingIsNeitherKnownNorGone) {
  const EarlierFindings before = earlier(baseline_of(inert_quotas({"a"}), nullptr));
  Report report = inert_quotas({"a"});
  report.excepted.push_back({report.findings.front(), "so be it", "2027-01-01", "e.yaml"});
  report.findings.clear();
  apply_baseline(report, before);
  EXPECT_THAT(report.baseline->gone, IsEmpty());
  EXPECT_THAT(report.baseline->known, IsEmpty());
}

TEST(Baseline, ErrorsSayWhere) {
  const auto error = [](std::string_view text) {
    const auto parsed = parse_earlier_findings(text, "known.yaml");
    return parsed ? "" : parsed.error().to_string();
  };
  EXPECT_THAT(error("apiVersion: kubectl-ai/v1alpha1\nkind: AuditBaseline\nfindigs: []\n"),
              HasSubstr("known.yaml:3:1: unknown key \"findigs\"; did you mean \"findings\"?"));
  EXPECT_THAT(error("apiVersion: v1\nkind: Pod\n"), HasSubstr("its kind is Pod"));
  EXPECT_THAT(error("- a\n"), HasSubstr("neither an AuditBaseline nor an AuditReport"));
  EXPECT_THAT(error("{"), HasSubstr("known.yaml:2:1: malformed YAML"));
}

// What a rule would say of a pod or Job, without one that is about them.
constexpr Rule k_of_pods = {
    .id = "of-pods",
    .severity = Severity::warning,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A pod is there",
    .why = "It is.",
    .fix = "None.",
    .reference = "https://example.org",
    .needs = {},
    .reads = {Kind::pod},
    .check =
        [](const Facts& facts, Findings& findings) {
          for (const Pod& pod : facts.pods) {
            Finding finding;
            finding.object = pod.ref();
            findings.add(std::move(finding));
          }
          for (const Workload& workload : facts.workloads) {
            Finding finding;
            finding.object = workload.head.ref();
            findings.add(std::move(finding));
          }
        },
};

std::string print_of(std::string_view yaml) {
  const Rule* const rules[] = {&k_of_pods};
  const Report report = run_rules(test::facts_of(yaml), rules, {});
  return report.findings.size() == 1 ? report.findings.front().fingerprint : "";
}

std::string pod(std::string_view name, std::string_view owner_kind, std::string_view owner) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {namespace: team, name: " + std::string(name) +
         ", labels: {pod-template-hash: abcde}, ownerReferences: [{apiVersion: x/v1, kind: " +
         std::string(owner_kind) + ", name: " + std::string(owner) +
         ", controller: true}]}\nspec: {containers: [{name: main}]}\n";
}

std::string job(std::string_view name) {
  return "apiVersion: batch/v1\nkind: Job\nmetadata: {namespace: team, name: " + std::string(name) +
         "}\nspec: {template: {spec: {containers: [{name: main}]}}}\n";
}

TEST(Fingerprints, OutliveThatPodsAndJobsAreMadeAnew) {
  EXPECT_EQ(print_of(pod("web-abcde-x1y2z", "ReplicaSet", "web-abcde")),
            print_of(pod("web-abcde-qwert", "ReplicaSet", "web-abcde")));
  EXPECT_EQ(print_of(pod("logs-x1y2z", "DaemonSet", "logs")),
            print_of(pod("logs-qwert", "DaemonSet", "logs")));
  EXPECT_EQ(print_of(pod("nightly-29012345-x1y2z", "Job", "nightly-29012345")),
            print_of(pod("nightly-29013785-qwert", "Job", "nightly-29013785")));
  EXPECT_EQ(print_of(job("nightly-29012345")), print_of(job("nightly-29013785")));
}

TEST(Fingerprints, TellApartWhatIsNotTheSame) {
  EXPECT_NE(print_of(pod("web-0", "StatefulSet", "web")),
            print_of(pod("web-1", "StatefulSet", "web")));
  EXPECT_NE(print_of(pod("web-abcde-x1y2z", "ReplicaSet", "web-abcde")),
            print_of(pod("api-abcde-x1y2z", "ReplicaSet", "api-abcde")));
  EXPECT_NE(print_of(job("run-1")), print_of(job("run-2")));
  EXPECT_NE(print_of(job("run-2901234")), print_of(job("run-2901235")));
}

TEST(Diff, SaysWhatIsNewGoneAndUnchanged) {
  const EarlierFindings first = earlier(baseline_of(inert_quotas({"a", "b"}), nullptr));
  const EarlierFindings second = earlier(baseline_of(inert_quotas({"b", "c"}), nullptr));
  const ReportDiff diff = diff_findings(first, second);
  EXPECT_THAT(names_of(diff.fresh), ElementsAre("c"));
  EXPECT_THAT(names_of(diff.gone), ElementsAre("a"));
  EXPECT_THAT(names_of(diff.unchanged), ElementsAre("b"));
  EXPECT_THAT(diff.unjudged, IsEmpty());
}

TEST(Diff, WhatTheSecondReportDidNotLookForIsNotGone) {
  const std::string finding =
      R"({"fingerprint": "a", "rule": "gpu-withdrawn", "severity": "error", "object": {"name": "n"}})";
  const auto report = [](const std::string& coverage, const std::string& rest) {
    return earlier(R"({"kind": "AuditReport", "coverage": )" + coverage + rest + "}");
  };
  const std::string all = R"({"rules": ["gpu-withdrawn"], "notChecked": []})";
  const EarlierFindings first = report(all, R"(, "findings": [)" + finding + "]");
  EXPECT_EQ(diff_findings(first, report(all, "")).gone.size(), 1U);
  for (
      const std::string& coverage : {
          std::string(R"({"rules": ["gpu-bypass"]})"),
          std::string(
              R"({"rules": ["gpu-withdrawn"], "notChecked": [{"kind": "Node", "rules": ["gpu-withdrawn"]}]})"),
          std::string(
              R"({"rules": ["gpu-withdrawn"], "notChecked": [{"kind": "Document", "rules": []}]})"),
      }) {
    const ReportDiff diff = diff_findings(first, report(coverage, ""));
    EXPECT_THAT(diff.gone, IsEmpty()) << coverage;
    EXPECT_EQ(diff.unjudged.size(), 1U) << coverage;
  }
  // Excepted or known to a baseline: still there.
  for (const std::string& rest :
       {R"(, "excepted": [)" + finding + "]", R"(, "baseline": {"known": [)" + finding + "]}"}) {
    EXPECT_EQ(diff_findings(first, report(all, rest)).unchanged.size(), 1U) << rest;
  }
}

}  // namespace
}  // namespace kai::audit
