#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/finding_list.hpp>
#include <kai/audit/rules.hpp>

namespace kai::audit {
namespace {

using testing::ElementsAre;

Finding finding(std::string_view rule, std::string ns, std::string name) {
  Finding made;
  made.rule = find_rule(rule);
  made.object = {"v1", "Pod", std::move(ns), std::move(name)};
  made.message = "says it";
  return made;
}

Finding full() {
  Finding made = finding("psa-missing", "team", "a");
  made.origin = {7, 2};
  made.path = FieldPath() / "spec" / "containers" / std::size_t{1};
  made.observed = "this";
  made.expected = "that";
  made.details = {"one; two", "", "\"three\"\n"};
  made.fix = "do it";
  made.patch = Patch{Patch::Type::json, {{{"op", "remove"}, {"path", "/spec"}}}};
  made.subject = "main";
  made.location = Location{"dir/a.yaml", 3, 5};
  made.fingerprint = "00ab000000000001";
  return made;
}

void expect_same(const Finding& a, const Finding& b) {
  EXPECT_EQ(a.object, b.object);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.observed, b.observed);
  EXPECT_EQ(a.expected, b.expected);
  EXPECT_EQ(a.message, b.message);
  EXPECT_EQ(a.details, b.details);
  EXPECT_EQ(a.fix, b.fix);
  ASSERT_EQ(a.patch.has_value(), b.patch.has_value());
  if (a.patch) {
    EXPECT_EQ(a.patch->type, b.patch->type);
    EXPECT_EQ(a.patch->body, b.patch->body);
  }
  EXPECT_EQ(a.subject, b.subject);
  EXPECT_EQ(a.rule, b.rule);
  EXPECT_EQ(a.location, b.location);
  EXPECT_EQ(a.fingerprint, b.fingerprint);
}

std::vector<std::string> names_of(const FindingList& list) {
  std::vector<std::string> names;
  for (const Finding& each : list) names.push_back(each.object.name);
  return names;
}

TEST(FindingList, GivesBackWhatWasPutIn) {
  FindingList list;
  list.push_back(full());
  list.push_back(finding("psa-missing", "", "b"));
  ASSERT_EQ(list.size(), 2U);
  expect_same(list[0], full());
  expect_same(list[1], finding("psa-missing", "", "b"));
}

TEST(FindingList, CopiesGoOnAlone) {
  FindingList copy;
  {
    FindingList list;
    list.push_back(full());
    copy = list;
    list.clear();
    list.push_back(finding("psa-missing", "", "b"));
  }
  ASSERT_EQ(copy.size(), 1U);
  expect_same(copy[0], full());
}

TEST(FindingList, SortsWorstFirstThenByRuleAndObject) {
  FindingList list;
  for (const char* const rule : {"psa-missing", "gpu-withdrawn", "quota-missing"}) {
    for (const char* const name : {"b", "a"}) list.push_back(finding(rule, "z", name));
    list.push_back(finding(rule, "a", "c"));
  }
  list.sort();
  std::vector<std::string> rules;
  for (const FindingSpan& run : list.by_rule()) {
    EXPECT_EQ(run.size(), 3U);
    rules.emplace_back(run.rule().id);
  }
  EXPECT_EQ(rules.front(), "gpu-withdrawn");  // the error among warnings
  EXPECT_EQ(rules.size(), 3U);
  const FindingSpan first = list.by_rule().front();
  EXPECT_EQ(first[0].object.to_string(), "Pod a/c");
  EXPECT_EQ(first[1].object.to_string(), "Pod z/a");
  EXPECT_EQ(first[2].object.to_string(), "Pod z/b");
}

TEST(FindingList, RetainKeepsTheOrder) {
  FindingList list;
  for (const char* const name : {"a", "b", "c", "d"}) {
    list.push_back(finding("psa-missing", "team", name));
  }
  list.retain([](const Finding& each) { return each.object.name != "b"; });
  EXPECT_THAT(names_of(list), ElementsAre("a", "c", "d"));
}

TEST(FindingList, CountsObjectsOnce) {
  FindingList list;
  list.push_back(finding("psa-missing", "team", "a"));
  list.push_back(finding("quota-missing", "team", "a"));
  list.push_back(finding("quota-missing", "other", "a"));
  EXPECT_EQ(list.count_objects(), 2U);
}

TEST(FindingList, SharedFixIsTheRulesWhereTheyDiffer) {
  FindingList list;
  Finding one = finding("psa-missing", "team", "a");
  one.fix = "label it";
  list.push_back(one);
  list.push_back(one);
  EXPECT_EQ(list.all().shared_fix(), "label it");
  one.fix = "delete it";
  list.push_back(one);
  EXPECT_EQ(list.all().shared_fix(), find_rule("psa-missing")->fix);
}

TEST(FindingList, LocationsComeLater) {
  FindingList list;
  list.push_back(finding("psa-missing", "team", "a"));
  EXPECT_FALSE(list[0].location.has_value());
  list.set_location(0, {"b.yaml", 2, 0});
  EXPECT_EQ(list[0].location, (Location{"b.yaml", 2, 0}));
}

}  // namespace
}  // namespace kai::audit
