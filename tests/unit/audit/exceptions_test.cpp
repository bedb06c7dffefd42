#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/engine.hpp>
#include <kai/audit/exceptions.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rules.hpp>

#include "builders.hpp"

namespace kai::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = ExceptionNote::State;

constexpr std::string_view k_head = "apiVersion: kubectl-ai/v1alpha1\nkind: AuditExceptions\n";

std::vector<Exception> parse(std::string_view entries) {
  auto parsed = parse_exceptions(std::string(k_head) + std::string(entries), "e.yaml");
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().to_string());
  return parsed ? *parsed : std::vector<Exception>();
}

std::string error_of(std::string_view entries) {
  const auto parsed = parse_exceptions(std::string(k_head) + std::string(entries), "e.yaml");
  if (parsed) return "";
  std::string message = parsed.error().to_string();
  for (const Cause& cause : parsed.error().causes) message += "\n" + cause.message;
  return message;
}

// Two quotas in `team`, one in `lab`, each with a key that is never counted.
constexpr std::string_view k_quotas = R"(
apiVersion: v1
kind: ResourceQuota
metadata: {name: gpus, namespace: team}
spec: {hard: {limits.nvidia.com/gpu: 4}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: more, namespace: team}
spec: {hard: {limits.nvidia.com/gpu: 4}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: gpus, namespace: lab}
spec: {hard: {limits.nvidia.com/gpu: 4}}
)";

struct Outcome {
  Report report;
  std::vector<std::string> left;
  std::vector<std::string> excepted;
};

Outcome run(const std::vector<Exception>& exceptions, std::string_view yaml = k_quotas,
            std::string_view now = "2026-06-01T12:00:00Z", std::vector<Gap> gaps = {},
            std::string_view only_ns = "") {
  FactsOptions options;
  options.only_ns = only_ns;
  const Facts facts = test::facts_of(yaml, std::move(options));
  Outcome outcome;
  const Rule* const rules[] = {find_rule("quota-gpu-key-inert"), find_rule("psa-missing")};
  outcome.report = run_rules(facts, rules, gaps);
  apply_exceptions(outcome.report, exceptions, facts, parse_time(now));
  for (const Finding& finding : outcome.report.findings) {
    outcome.left.push_back(finding.object.to_string());
  }
  for (const Excepted& excepted : outcome.report.excepted) {
    outcome.excepted.push_back(excepted.finding.object.to_string());
  }
  return outcome;
}

std::vector<Exception> inert(std::string_view scope, std::string_view until = "2026-06-01") {
  return parse("exceptions: [{rule: quota-gpu-key-inert, scope: " + std::string(scope) +
               ", reason: so be it, until: " + std::string(until) + "}]");
}

TEST(Exceptions, SetAsideWhatTheirScopeCovers) {
  struct Case {
    std::string_view scope;
    std::size_t excepted;
  };
  for (const auto& [scope, excepted] :
       {Case{"{namespace: team}", 2}, Case{"{namespace: 'te*'}", 2}, Case{"{namespace: '*'}", 3},
        Case{"{kind: ResourceQuota}", 3}, Case{"{kind: Pod}", 0}, Case{"{name: gpus}", 2},
        Case{"{name: '*u*s'}", 2}, Case{"{name: 'gpu'}", 0},
        Case{"{namespace: lab, name: gpus}", 1}, Case{"{namespace: lab, name: more}", 0},
        Case{"{fingerprint: '0000000000000000'}", 0}}) {
    const Outcome outcome = run(inert(scope));
    EXPECT_EQ(outcome.excepted.size(), excepted) << scope;
    EXPECT_EQ(outcome.left.size(), 3 - excepted) << scope;
    EXPECT_EQ(outcome.report.summary.error, static_cast<int>(3 - excepted)) << scope;
  }
}

TEST(Exceptions, AFingerprintIsOneFinding) {
  const std::string print = run({}).report.findings.front().fingerprint;
  const Outcome outcome = run(inert("{fingerprint: '" + print + "'}"));
  EXPECT_THAT(outcome.excepted, ElementsAre("ResourceQuota lab/gpus"));
}

TEST(Exceptions, HoldUntilTheEndOfTheirLastDay) {
  const auto exceptions = inert("{namespace: team}", "2026-06-01");
  EXPECT_EQ(run(exceptions, k_quotas, "2026-06-01T23:59:59Z").excepted.size(), 2U);
  const Outcome after = run(exceptions, k_quotas, "2026-06-02T00:00:00Z");
  EXPECT_THAT(after.excepted, IsEmpty());
  ASSERT_EQ(after.report.exception_notes.size(), 1U);
  const ExceptionNote& note = after.report.exception_notes.front();
  EXPECT_EQ(note.state, State::expired);
  EXPECT_EQ(note.message, "ended on 2026-06-01, and 2 findings count again");
  EXPECT_EQ(note.given, "e.yaml:3:14");
}

TEST(Exceptions, OneThatHoldsReplacesOneThatEnded) {
  auto exceptions = inert("{namespace: team}", "2020-01-01");
  const auto fresh = inert("{namespace: team}");
  exceptions.insert(exceptions.end(), fresh.begin(), fresh.end());
  const Outcome outcome = run(exceptions);
  EXPECT_EQ(outcome.excepted.size(), 2U);
  ASSERT_EQ(outcome.report.exception_notes.size(), 1U);
  EXPECT_EQ(outcome.report.exception_notes.front().message, "ended on 2020-01-01");
}

TEST(Exceptions, UnusedOnesAreNotedWhereTheRuleHasSeenEverything) {
  const auto unused = inert("{namespace: gone}");
  ASSERT_EQ(run(unused).report.exception_notes.size(), 1U);
  EXPECT_EQ(run(unused).report.exception_notes.front().state, State::unused);
  // Something could not be read.
  const std::vector<Gap> document = {{std::nullopt, "broken", Location{"a.yaml", 1, 1}}};
  EXPECT_THAT(run(unused, k_quotas, "2026-06-01T12:00:00Z", document).report.exception_notes,
              IsEmpty());
  const std::vector<Gap> kind = {{Kind::resource_quota, "forbidden", std::nullopt}};
  EXPECT_THAT(run(unused, k_quotas, "2026-06-01T12:00:00Z", kind).report.exception_notes,
              IsEmpty());
  // Another namespace was not looked at.
  EXPECT_THAT(run(unused, k_quotas, "2026-06-01T12:00:00Z", {}, "team").report.exception_notes,
              IsEmpty());
  // The rule did not run.
  auto other = unused;
  other.front().rule = "gpu-bypass";
  EXPECT_THAT(run(other).report.exception_notes, IsEmpty());
}

TEST(Exceptions, OfANamespaceCoverTheNamespaceToo) {
  constexpr std::string_view k_namespace = R"(
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: team}
spec: {containers: [{name: main}]}
)";
  auto exceptions = inert("{namespace: team}");
  exceptions.front().rule = "psa-missing";
  EXPECT_THAT(run(exceptions, k_namespace).excepted, ElementsAre("Namespace team"));
  exceptions = inert("{namespace: team, name: '*'}");
  exceptions.front().rule = "psa-missing";
  EXPECT_THAT(run(exceptions, k_namespace).excepted, IsEmpty());
}

TEST(Exceptions, StandOnObjectsAndNamespaces) {
  const std::string yaml = R"(
apiVersion: v1
kind: ResourceQuota
metadata:
  name: gpus
  namespace: team
  annotations: {except.kubectl-ai/quota-gpu-key-inert: "2026-12-31: known, see the wiki"}
spec: {hard: {limits.nvidia.com/gpu: 4}}
---
apiVersion: v1
kind: Namespace
metadata:
  name: lab
  labels: {except.kubectl-ai/quota-gpu-key-inert: 2026-12-31_no-GPUs_here}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: gpus, namespace: lab}
spec: {hard: {limits.nvidia.com/gpu: 4}}
)";
  const Outcome outcome = run({}, yaml);
  EXPECT_THAT(outcome.left, IsEmpty());
  ASSERT_EQ(outcome.report.excepted.size(), 2U);
  EXPECT_EQ(outcome.report.excepted[0].given, "label of Namespace lab");
  EXPECT_EQ(outcome.report.excepted[0].reason, "no-GPUs here");
  EXPECT_EQ(outcome.report.excepted[1].given, "annotation of ResourceQuota team/gpus");
  EXPECT_EQ(outcome.report.excepted[1].reason, "known, see the wiki");
  EXPECT_EQ(outcome.report.excepted[1].until, "2026-12-31");
  EXPECT_THAT(outcome.report.exception_notes, IsEmpty());
}

TEST(Exceptions, AnAnnotationOfANamespaceIsForItAlone) {
  const std::string yaml = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: team
  annotations: {except.kubectl-ai/quota-gpu-key-inert: 2026-12-31 not meant for what is in it}
---
)" + std::string(k_quotas);
  EXPECT_THAT(run({}, yaml).excepted, IsEmpty());
}

TEST(Exceptions, MarksThatMakeNoSenseAreNoted) {
  struct Case {
    std::string_view key;
    std::string_view value;
    std::string_view message;
  };
  for (const auto& [key, value, message] :
       {Case{"quota-gpu-key-innert", "2026-12-31 why", "did you mean \"quota-gpu-key-inert\"?"},
        Case{"quota-gpu-key-inert", "why", "does not begin with the last day"},
        Case{"quota-gpu-key-inert", "2026-02-30 why", "does not begin with the last day"},
        Case{"quota-gpu-key-inert", "2026-12-31", "gives no reason"},
        Case{"quota-gpu-key-inert", "2026-12-31 :", "gives no reason"},
        Case{"quota-gpu-key-inert", "2026-12-311 why", "gives no reason"},
        Case{"quota-gpu-key-inert", "", "does not begin with the last day"}}) {
    const Outcome outcome =
        run({},
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: gpus, namespace: team, "
            "annotations: {except.kubectl-ai/" +
                std::string(key) + ": \"" + std::string(value) +
                "\"}}\nspec: {hard: {limits.nvidia.com/gpu: 4}}\n");
    EXPECT_EQ(outcome.left.size(), 1U) << value;
    ASSERT_EQ(outcome.report.exception_notes.size(), 1U) << value;
    EXPECT_EQ(outcome.report.exception_notes.front().state, State::invalid);
    EXPECT_THAT(outcome.report.exception_notes.front().message, HasSubstr(message));
  }
}

TEST(ExceptionsFile, ErrorsSayWhereAndWhatWasMeant) {
  EXPECT_THAT(
      error_of(
          "exceptions:\n- rule: gpu-bypas\n  scope: {name: a}\n  reason: r\n  until: 2027-01-01\n"),
      HasSubstr("e.yaml:4:3: there is no rule \"gpu-bypas\"; did you mean \"gpu-bypass\"?"));
  EXPECT_THAT(
      error_of("exceptions:\n- rul: gpu-bypass\n"),
      HasSubstr("e.yaml:4:3: unknown key \"rul\" in exceptions[0]; did you mean \"rule\"?"));
  EXPECT_THAT(error_of("exeptions: []\n"), HasSubstr("e.yaml:3:1: unknown key \"exeptions\""));
  EXPECT_THAT(error_of("exceptions:\n- rule: gpu-bypass\n  scope: {name: 7}\n"),
              HasSubstr("e.yaml:5:11: exceptions[0].scope.name must be a string"));
  const std::string lacking = error_of("exceptions:\n- rule: gpu-bypass\n");
  for (const std::string_view key : {"scope", "reason", "until"}) {
    EXPECT_THAT(lacking, HasSubstr("the exception has no " + std::string(key)));
  }
  EXPECT_THAT(
      error_of("exceptions: [{rule: gpu-bypass, scope: {}, reason: r, until: 2027-01-01}]\n"),
      HasSubstr("scope must name a namespace, kind, name or fingerprint"));
  for (const std::string_view day :
       {"2027-02-29", "2027-1-1", "01.02.2027", "2027-13-01", "never"}) {
    EXPECT_THAT(error_of("exceptions: [{rule: gpu-bypass, scope: {name: a}, reason: r, until: '" +
                         std::string(day) + "'}]\n"),
                HasSubstr("until must be a day such as 2027-03-31"))
        << day;
  }
  const auto other = parse_exceptions("apiVersion: v1\nkind: Pod\n", "e.yaml");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::invalid_input);
}

TEST(ExceptionsFile, MayBeEmpty) {
  EXPECT_THAT(parse(""), IsEmpty());
  EXPECT_THAT(parse("exceptions: []"), IsEmpty());
}

}  // namespace
}  // namespace kai::audit
