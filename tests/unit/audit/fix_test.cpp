#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/decisions.hpp>
#include <kai/audit/fix.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/rules.hpp>

namespace kai::audit {
namespace {

using model::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Rule& k_first = *find_rule("psa-missing");
const Rule& k_second = *find_rule("quota-gpu-key-inert");
const Rule& k_lost = *find_rule("gpu-node-lost");

Finding finding(const Rule& rule, std::string_view path, std::optional<Patch> patch) {
  Finding made;
  made.rule = &rule;
  made.object = {"v1", "ConfigMap", "team", "a"};
  made.path = FieldPath::from_pointer(path);
  made.patch = std::move(patch);
  return made;
}

Patch removal(std::size_t index, std::string_view value) {
  const std::string path = "/l/" + std::to_string(index);
  return {Patch::Type::json, Json::array({{{"op", "test"}, {"path", path}, {"value", value}},
                                          {{"op", "remove"}, {"path", path}}})};
}

bool nobody(std::string_view /*rule*/) {
  return false;
}

TEST(CollectFixes, PutsFindingsOfOneObjectTogether) {
  Report report;
  report.findings.push_back(finding(k_first, "/a", Patch{Patch::Type::merge, {{"a", 1}}}));
  report.findings.push_back(finding(k_first, "/x", std::nullopt));
  report.findings.push_back(finding(k_second, "/b", Patch{Patch::Type::merge, {{"b", 2}}}));
  const Fixes fixes = collect_fixes(report, &nobody);
  ASSERT_EQ(fixes.objects.size(), 1U);
  EXPECT_THAT(fixes.objects[0].findings, ElementsAre(&fixes.findings[0], &fixes.findings[1]));
  EXPECT_EQ(fixes.without_patch, 1);
  EXPECT_THAT(fixes.left, IsEmpty());
}

TEST(CollectFixes, DecisionsWaitForTheirRuleToBeNamed) {
  Report report;
  report.findings.push_back(finding(k_lost, "/a", Patch{Patch::Type::merge, {{"a", 1}}}));
  const Fixes fixes = collect_fixes(report, &nobody);
  EXPECT_THAT(fixes.objects, IsEmpty());
  ASSERT_EQ(fixes.left.size(), 1U);
  EXPECT_TRUE(fixes.left[0].undecided);
  EXPECT_EQ(fixes.left[0].reason, "to be decided first: whether its maintenance is over");
  EXPECT_EQ(fixes.left[0].hint, "--select gpu-node-lost does it");
  EXPECT_EQ(collect_fixes(report, [](std::string_view rule) { return rule == "gpu-node-lost"; })
                .objects.size(),
            1U);
}

TEST(Decisions, AreAboutRulesThatThereAre) {
  for (const Decision& decision : all_decisions()) {
    EXPECT_NE(find_rule(decision.rule), nullptr) << decision.rule;
  }
}

TEST(ApplyFix, ItemsAreTakenOutFromTheEnd) {
  Report report;
  const Json list = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"};
  for (const std::size_t index : {2U, 9U, 10U}) {
    report.findings.push_back(
        finding(k_first, "/l/" + std::to_string(index), removal(index, std::to_string(index))));
  }
  report.findings.push_back(
      finding(k_second, "/l/10",
              Patch{Patch::Type::json,
                    Json::array({{{"op", "replace"}, {"path", "/l/3"}, {"value", "three"}}})}));
  const Fixes fixes = collect_fixes(report, &nobody);
  const Fixed fixed = apply_fix({{"l", list}}, fixes.objects[0]);
  EXPECT_EQ(fixed.object["l"], Json({"0", "1", "three", "4", "5", "6", "7", "8"}));
  EXPECT_THAT(fixed.left, IsEmpty());
  // In the report's order again.
  EXPECT_THAT(fixed.made, ElementsAre(&fixes.findings[0], &fixes.findings[1], &fixes.findings[2],
                                      &fixes.findings[3]));
}

TEST(ApplyFix, WhatDoesNotFitIsTold) {
  Report report;
  report.findings.push_back(finding(k_first, "/l/0", removal(0, "somebody else")));
  report.findings.push_back(finding(k_second, "/b", Patch{Patch::Type::merge, {{"b", 2}}}));
  const Fixes fixes = collect_fixes(report, &nobody);
  const Fixed fixed = apply_fix({{"l", {"a"}}}, fixes.objects[0]);
  EXPECT_EQ(fixed.object, Json({{"l", {"a"}}, {"b", 2}}));
  ASSERT_EQ(fixed.left.size(), 1U);
  EXPECT_EQ(fixed.left[0].finding, &fixes.findings[0]);
  EXPECT_THAT(fixed.left[0].reason, HasSubstr("does not fit"));
  EXPECT_FALSE(fixed.left[0].undecided);
}

TEST(Fix, KnowsWhetherItNamesItems) {
  Report report;
  report.findings.push_back(finding(k_first, "/a", Patch{Patch::Type::merge, {{"a", {1, 2}}}}));
  EXPECT_FALSE(collect_fixes(report, &nobody).objects[0].names_items());
  report.findings.push_back(finding(k_first, "/l/0", removal(0, "a")));
  EXPECT_TRUE(collect_fixes(report, &nobody).objects[0].names_items());
}

}  // namespace
}  // namespace kai::audit
