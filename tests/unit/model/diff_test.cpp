#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/diff.hpp>

namespace kai::model {
namespace {

Json json(std::string_view text) {
  return parse_json(text).value();
}

std::vector<std::string> lines(std::string_view before, std::string_view after) {
  std::vector<std::string> result;
  for (const Difference& difference : diff(json(before), json(after))) {
    result.push_back(difference.path + ": " +
                     (difference.before ? difference.before->dump() : "-") + " > " +
                     (difference.after ? difference.after->dump() : "-"));
  }
  return result;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Diff, NothingChanged) {
  EXPECT_THAT(lines(R"({"a": [1]})", R"({"a": [1]})"), IsEmpty());
}

TEST(Diff, AddedRemovedAndChangedInTheOrderOfNames) {
  EXPECT_THAT(lines(R"({"b": 1, "c": {"x": 1}})", R"({"a": 0, "b": 2})"),
              ElementsAre(".a: - > 0", ".b: 1 > 2", ".c.x: 1 > -"));
}

TEST(Diff, MapsOfScalarsAreToldKeyByKey) {
  EXPECT_THAT(lines(R"({"metadata": {}})", R"({"metadata": {"labels": {"a": "1", "b": "2"}}})"),
              ElementsAre(R"(.metadata.labels.a: - > "1")", R"(.metadata.labels.b: - > "2")"));
  EXPECT_THAT(lines("{}", R"({"spec": {"x": [1]}})"), ElementsAre(R"(.spec: - > {"x":[1]})"));
}

TEST(Diff, NamedItemsAreComparedOneByOne) {
  EXPECT_THAT(lines(R"({"c": [{"name": "a", "image": "1"}, {"name": "b"}]})",
                    R"({"c": [{"name": "z"}, {"name": "a", "image": "2"}]})"),
              ElementsAre(R"(.c[name="a"].image: "1" > "2")", R"(.c[name="b"]: {"name":"b"} > -)",
                          R"(.c[name="z"]: - > {"name":"z"})"));
}

TEST(Diff, OtherListsDifferAsAWhole) {
  EXPECT_THAT(lines(R"({"t": [{"key": "a"}]})", R"({"t": [{"key": "a"}, {"key": "b"}]})"),
              ElementsAre(R"(.t: [{"key":"a"}] > [{"key":"a"},{"key":"b"}])"));
  // Two items of one name cannot be told apart by it.
  EXPECT_THAT(
      lines(R"({"t": [{"name": "a"}, {"name": "a", "v": 1}]})", R"({"t": [{"name": "a"}]})"),
      ElementsAre(testing::StartsWith(".t: [")));
}

TEST(Diff, BookkeepingDoesNotCount) {
  const Json live = json(R"({"metadata": {"name": "a", "uid": "1", "resourceVersion": "5",
    "generation": 2, "creationTimestamp": "t", "managedFields": []}, "status": {"x": 1}})");
  EXPECT_EQ(without_bookkeeping(live), json(R"({"metadata": {"name": "a"}})"));
}

TEST(Covers, EveryFieldOfThePartIsThere) {
  const Json live = json(R"({"a": 1, "m": {"x": 1, "y": 2},
    "c": [{"name": "one", "image": "i", "policy": "Always"}, {"name": "two"}], "l": [1, 2]})");
  EXPECT_TRUE(covers(live, json(R"({"m": {"y": 2}, "c": [{"name": "one", "image": "i"}]})")));
  EXPECT_TRUE(covers(live, json(R"({"l": [1, 2]})")));
  EXPECT_FALSE(covers(live, json(R"({"l": [1]})")));
  EXPECT_FALSE(covers(live, json(R"({"c": [{"name": "three"}]})")));
  EXPECT_FALSE(covers(live, json(R"({"m": {"y": 3}})")));
  EXPECT_FALSE(covers(live, json(R"({"n": 1})")));
}

}  // namespace
}  // namespace kai::model
