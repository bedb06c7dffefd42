#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/changes.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/rules.hpp>

#include <algorithm>
#include <functional>

namespace kai::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Rule& rule(std::string_view id) {
  const auto rules = all_rules();
  return **std::find_if(rules.begin(), rules.end(),
                        [id](const Rule* each) { return each->id == id; });
}

// As reports have them: sixteen hexadecimal digits.
std::string print(std::string_view id, std::string_view name) {
  return fmt::format("{:016x}",
                     std::hash<std::string>{}(std::string(id) + "/" + std::string(name)));
}

Finding finding(std::string_view id, const std::string& name) {
  Finding made;
  made.rule = &rule(id);
  made.object = {"v1", "Node", "", name};
  made.fingerprint = print(id, name);
  return made;
}

// A report of both rules of these tests.
Report report(const std::vector<Finding>& findings, std::vector<NotChecked> gaps = {}) {
  Report made;
  for (const Finding& each : findings) {
    made.summary.count(each.rule->severity);
    made.findings.push_back(each);
  }
  made.ran = {&rule("gpu-node-lost"), &rule("gpu-node-untainted")};
  made.rules = 2;
  made.objects = 1;
  made.coverage.not_checked = std::move(gaps);
  return made;
}

NotChecked gap(std::string kind, std::vector<std::string> rules) {
  NotChecked made;
  made.kind = std::move(kind);
  made.rules = std::move(rules);
  return made;
}

std::vector<std::string> prints(const std::vector<KnownFinding>& findings) {
  std::vector<std::string> list;
  for (const KnownFinding& each : findings) list.push_back(each.fingerprint);
  return list;
}

TEST(ChangeLog, TellsTheDifference) {
  ChangeLog log;
  const ReportDiff first = log.update(report({finding("gpu-node-lost", "a")}));
  EXPECT_THAT(prints(first.fresh), IsEmpty());
  const ReportDiff second =
      log.update(report({finding("gpu-node-lost", "b"), finding("gpu-node-untainted", "a")}));
  EXPECT_THAT(prints(second.fresh),
              ElementsAre(print("gpu-node-lost", "b"), print("gpu-node-untainted", "a")));
  EXPECT_THAT(prints(second.gone), ElementsAre(print("gpu-node-lost", "a")));
  EXPECT_EQ(log.standing().error, 1);
  EXPECT_EQ(log.standing().warning, 1);
  EXPECT_EQ(log.standing().grade->letter, 'C');
}

TEST(ChangeLog, WhatARuleCouldNotSeeIsNotGone) {
  ChangeLog log;
  log.update(report({finding("gpu-node-lost", "a"), finding("gpu-node-untainted", "a")}));
  Report blind = report({});
  blind.ran = {&rule("gpu-node-untainted")};
  blind.coverage.not_checked = {gap("Node", {"gpu-node-lost", "gpu-node-untainted"})};
  const ReportDiff during = log.update(blind);
  EXPECT_THAT(prints(during.gone), IsEmpty());
  EXPECT_EQ(during.unjudged.size(), 2U);
  EXPECT_EQ(log.standing().error, 1);
  EXPECT_EQ(log.standing().warning, 1);
  // And again: being unseen for long makes nothing go away.
  EXPECT_THAT(prints(log.update(blind).gone), IsEmpty());
  const ReportDiff after = log.update(report({finding("gpu-node-lost", "a")}));
  EXPECT_THAT(prints(after.fresh), IsEmpty());
  EXPECT_THAT(prints(after.gone), ElementsAre(print("gpu-node-untainted", "a")));
}

TEST(ChangeLog, AGapThatWasThereBeforeHidesNothing) {
  const NotChecked always = gap("Role", {"gpu-node-lost"});
  ChangeLog log;
  log.update(report({finding("gpu-node-lost", "a"), finding("gpu-node-lost", "b")}, {always}));
  EXPECT_THAT(prints(log.update(report({finding("gpu-node-lost", "b")}, {always})).gone),
              ElementsAre(print("gpu-node-lost", "a")));
  // Another one, for a while, does.
  const NotChecked now_and_then = gap("Pod", {"gpu-node-lost"});
  EXPECT_THAT(prints(log.update(report({}, {always, now_and_then})).gone), IsEmpty());
  EXPECT_THAT(prints(log.update(report({}, {always, now_and_then})).gone), IsEmpty());
  EXPECT_THAT(prints(log.update(report({}, {always})).gone),
              ElementsAre(print("gpu-node-lost", "b")));
}

TEST(ChangeLog, AnExceptedFindingIsNotGone) {
  ChangeLog log;
  log.update(report({finding("gpu-node-lost", "a")}));
  Report excepted = report({});
  excepted.excepted.push_back({finding("gpu-node-lost", "a"), "known", "2027-03-31", "label"});
  EXPECT_THAT(prints(log.update(excepted).gone), IsEmpty());
  EXPECT_EQ(log.standing().error, 0);
  // Once the exception has ended, it counts anew.
  EXPECT_THAT(prints(log.update(report({finding("gpu-node-lost", "a")})).fresh),
              ElementsAre(print("gpu-node-lost", "a")));
}

TEST(Standing, IsTheSameWhenItReadsTheSame) {
  Standing a{1, 2, 3, Grade{'C', false, "errors of 1 rule"}};
  Standing b = a;
  EXPECT_TRUE(a.same(b));
  b.grade->at_best = true;
  EXPECT_FALSE(a.same(b));
  b.grade.reset();
  EXPECT_FALSE(a.same(b));
  b = a;
  b.info = 4;
  EXPECT_FALSE(a.same(b));
}

}  // namespace
}  // namespace kai::audit
