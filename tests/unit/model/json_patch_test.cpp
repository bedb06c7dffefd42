#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/json_patch.hpp>

namespace kai::model {
namespace {

using testing::HasSubstr;

Json json(std::string_view text) {
  return *parse_json(text);
}

TEST(JsonPatch, MakesItsSteps) {
  const Json before = json(R"({"a": {"b": 1}, "l": [1, 2]})");
  const Json patch = json(R"([{"op": "remove", "path": "/a/b"},
                              {"op": "add", "path": "/a/x~1y", "value": 2},
                              {"op": "add", "path": "/l/-", "value": 3}])");
  EXPECT_EQ(*apply_json_patch(before, before, patch), json(R"({"a": {"x/y": 2}, "l": [1, 2, 3]})"));
}

TEST(JsonPatch, SaysWhyItDoesNotFit) {
  const Json before = json(R"({"l": [1]})");
  const auto of = [&](std::string_view patch) {
    const auto done = apply_json_patch(before, before, json(patch));
    return done ? done->dump() : done.error().message;
  };
  EXPECT_THAT(of(R"([{"op": "remove", "path": "/x"}])"),
              HasSubstr("does not fit: key 'x' not found"));
  EXPECT_THAT(of(R"([{"op": "test", "path": "/l/0", "value": 2}])"), HasSubstr("does not fit"));
  EXPECT_THAT(of(R"([{"op": "add", "path": "/l/5", "value": 2}])"), HasSubstr("does not fit"));
  EXPECT_THAT(of(R"([{"op": "frob", "path": "/l"}])"), HasSubstr("does not fit"));
}

TEST(JsonPatch, WhatTwoPatchesAddIsJoined) {
  const Json before = json(R"({"r": {}})");
  const Json first = json(R"([{"op": "add", "path": "/r/limits", "value": {}},
                              {"op": "add", "path": "/r/limits/gpu", "value": "1"}])");
  const Json second = json(R"([{"op": "add", "path": "/r/limits", "value": {}},
                               {"op": "add", "path": "/r/limits/rdma", "value": "2"}])");
  const auto between = apply_json_patch(before, before, first);
  EXPECT_EQ(*apply_json_patch(before, *between, second),
            json(R"({"r": {"limits": {"gpu": "1", "rdma": "2"}}})"));
  const Json third = json(R"([{"op": "add", "path": "/r/limits", "value": {"gpu": "5"}}])");
  EXPECT_THAT(apply_json_patch(before, *between, third).error().message,
              HasSubstr("another patch sets /r/limits/gpu"));
}

TEST(JsonPatch, WhatWasThereBeforeIsReplaced) {
  const Json before = json(R"({"r": {"drop": ["A"]}})");
  const Json patch = json(R"([{"op": "add", "path": "/r/drop", "value": ["ALL"]}])");
  EXPECT_EQ(*apply_json_patch(before, before, patch), json(R"({"r": {"drop": ["ALL"]}})"));
}

TEST(JsonPatch, KnowsWhatItNames) {
  EXPECT_TRUE(names_items(json(R"([{"op": "add", "path": "/l/-", "value": 1}])")));
  EXPECT_TRUE(names_items(json(R"([{"op": "add", "path": "/l/10/x", "value": 1}])")));
  EXPECT_FALSE(names_items(json(R"([{"op": "remove", "path": "/spec/hard/limits.gpu"}])")));
  EXPECT_TRUE(removes_items(json(R"([{"op": "remove", "path": "/l/3"}])")));
  EXPECT_FALSE(removes_items(json(R"([{"op": "remove", "path": "/l/3/x"}])")));
}

TEST(MergePatchBetween, MakesTheOneOfTheOther) {
  const Json before = json(R"({"a": {"b": 1, "c": 2}, "l": [1, 2], "same": {"x": 1}})");
  const Json after = json(R"({"a": {"b": 3}, "l": [2], "same": {"x": 1}, "new": {"y": []}})");
  const Json patch = merge_patch_between(before, after);
  EXPECT_EQ(patch, json(R"({"a": {"b": 3, "c": null}, "l": [2], "new": {"y": []}})"));
  Json made = before;
  made.merge_patch(patch);
  EXPECT_EQ(made, after);
}

}  // namespace
}  // namespace kai::model
