#include <gtest/gtest.h>
#include <kai/model/json_patch.hpp>
#include <kai/model/yaml.hpp>
#include <kai/model/yaml_edit.hpp>

#include <string>
#include <string_view>

namespace kai::model {
namespace {

// The text after a JSON Patch, or "refused: …".
std::string patched(std::string_view text, const Json& patch) {
  const auto before = parse_yaml(text);
  if (!before) return "unreadable: " + before.error().to_string();
  const auto after = apply_json_patch(before->value, before->value, patch);
  if (!after) return "misfit: " + after.error().to_string();
  const auto edited = edit_yaml(text, *after);
  return edited ? *edited : "refused: " + edited.error().to_string();
}

std::string set(std::string_view text, std::string_view path, Json value) {
  return patched(text, Json::array({{{"op", "add"}, {"path", path}, {"value", std::move(value)}}}));
}

std::string replaced(std::string_view text, std::string_view path, Json value) {
  return patched(text,
                 Json::array({{{"op", "replace"}, {"path", path}, {"value", std::move(value)}}}));
}

std::string removed(std::string_view text, std::string_view path) {
  return patched(text, Json::array({{{"op", "remove"}, {"path", path}}}));
}

std::string renamed(std::string_view text, std::string_view from, std::string_view to) {
  return patched(text, Json::array({{{"op", "move"}, {"from", from}, {"path", to}}}));
}

TEST(YamlEdit, WithoutAChangeEveryByteStays) {
  const std::string text = "# head\na:   'b'   # c\r\nd: [1,2 , 3]\n\n\n";
  EXPECT_EQ(*edit_yaml(text, parse_yaml(text)->value), text);
}

TEST(YamlEdit, SetsAScalarAndKeepsItsQuotes) {
  EXPECT_EQ(set("a: b # why\nc: d\n", "/a", "x"), "a: x # why\nc: d\n");
  EXPECT_EQ(set("a: 'b'\n", "/a", "it's"), "a: 'it''s'\n");
  EXPECT_EQ(set("a: \"b\"\n", "/a", "x"), "a: \"x\"\n");
  EXPECT_EQ(set("a: 1\n", "/a", 2), "a: 2\n");
  EXPECT_EQ(set("a: 'x'\n", "/a", true), "a: true\n");
}

TEST(YamlEdit, QuotesWhatWouldBeReadAsSomethingElse) {
  EXPECT_EQ(set("a: b\n", "/a", "yes"), "a: \"yes\"\n");
  EXPECT_EQ(set("a: b\n", "/a", "017"), "a: \"017\"\n");
  EXPECT_EQ(set("a: b\n", "/a", "x: q"), "a: 'x: q'\n");
  EXPECT_EQ(set("a: b\n", "/a", ""), "a: \"\"\n");
  EXPECT_EQ(set("a: b\n", "/a", "two\nlines"), "a: \"two\\nlines\"\n");
  EXPECT_EQ(set("{a: b}\n", "/a", "x, q"), "{a: 'x, q'}\n");
}

TEST(YamlEdit, GivesAnEmptyKeyAValue) {
  EXPECT_EQ(set("a:\nb: c\n", "/a", "x"), "a: x\nb: c\n");
  EXPECT_EQ(set("a: # none yet\nb: c\n", "/a", "x"), "a: x # none yet\nb: c\n");
  EXPECT_EQ(replaced("-\n- b\n", "/0", "x"), "- x\n- b\n");
  EXPECT_EQ(set("a: ~\n", "/a", "x"), "a: x\n");
}

TEST(YamlEdit, ReplacesABlockOfText) {
  EXPECT_EQ(set("a: |\n  one\n  two\nb: c\n", "/a", "x"), "a: x\nb: c\n");
  EXPECT_EQ(set("a: >-\n  one\n\n\nb: c\n", "/a", "x"), "a: x\n\n\nb: c\n");
}

TEST(YamlEdit, AddsAKeyToAMap) {
  EXPECT_EQ(set("m:\n  a: b\nn: c\n", "/m/x", "q"), "m:\n  a: b\n  x: q\nn: c\n");
  EXPECT_EQ(set("m:\n    a: b\nn: c\n", "/m/x", {{"q", 1}}),
            "m:\n    a: b\n    x:\n        q: 1\nn: c\n");
  EXPECT_EQ(set("a: b\n", "/x.example~1q", "z"), "a: b\nx.example/q: z\n");
}

TEST(YamlEdit, AddsAKeyBehindTextsThatEndAMap) {
  EXPECT_EQ(set("m:\n  a: |\n    text\n\nn: c\n", "/m/x", 1),
            "m:\n  a: |\n    text\n  x: 1\n\nn: c\n");
  EXPECT_EQ(set("m:\n  a: |+\n    text\n\nn: c\n", "/m/x", 1),
            "m:\n  a: |+\n    text\n\n  x: 1\nn: c\n");
}

TEST(YamlEdit, CommentsStayWhereTheyAre) {
  EXPECT_EQ(set("m:\n  a: b  # why\n  # c: d\n\n# next\nn: e\n", "/m/x", "q"),
            "m:\n  a: b  # why\n  x: q\n  # c: d\n\n# next\nn: e\n");
  EXPECT_EQ(set("a: b\n# the end\n", "/x", "q"), "a: b\nx: q\n# the end\n");
}

TEST(YamlEdit, AFileMayEndWithoutALineBreak) {
  EXPECT_EQ(set("m:\n  a: b", "/m/x", "q"), "m:\n  a: b\n  x: q");
  EXPECT_EQ(set("l:\n- a", "/l/-", "b"), "l:\n- a\n- b");
  EXPECT_EQ(removed("a: b\nc: d", "/c"), "a: b");
  EXPECT_EQ(set("a: b", "/a", "c"), "a: c");
}

TEST(YamlEdit, LineEndsOfWindowsStay) {
  EXPECT_EQ(set("m:\r\n  a: b # c\r\nn: d\r\n", "/m/x", {{"q", {1, 2}}}),
            "m:\r\n  a: b # c\r\n  x:\r\n    q:\r\n    - 1\r\n    - 2\r\nn: d\r\n");
  EXPECT_EQ(set("a: {}\r\nb: c\r\n", "/a/x", 1), "a:\r\n  x: 1\r\nb: c\r\n");
  EXPECT_EQ(set("l:\r\n- a", "/l/-", "b"), "l:\r\n- a\r\n- b");
  EXPECT_EQ(removed("a: b\r\nc: d\r\n", "/a"), "c: d\r\n");
  EXPECT_EQ(removed("a: b\r\nc: d", "/c"), "a: b");
}

TEST(YamlEdit, EmptyCollectionsAreFilled) {
  EXPECT_EQ(set("m: {}\nn: c\n", "/m/x", "q"), "m:\n  x: q\nn: c\n");
  EXPECT_EQ(set("m: {}  # none\nn: c\n", "/m/x", "q"), "m:  # none\n  x: q\nn: c\n");
  EXPECT_EQ(set("l: []\n", "/l/-", {{"a", 1}, {"b", 2}}), "l:\n- a: 1\n  b: 2\n");
  EXPECT_EQ(set("m:\n", "/m", {{"x", "q"}}), "m:\n  x: q\n");
  EXPECT_EQ(set("m: # later\nn: c\n", "/m", {{"x", "q"}}), "m: # later\n  x: q\nn: c\n");
  EXPECT_EQ(set("- {}\n- b\n", "/0/x", "q"), "- {x: q}\n- b\n");
  EXPECT_EQ(set("{}\n", "/x", "q"), "{\"x\":\"q\"}\n");
}

TEST(YamlEdit, AddsToCollectionsInBrackets) {
  EXPECT_EQ(set("m: {a: b}\n", "/m/x", "q"), "m: {a: b, x: q}\n");
  EXPECT_EQ(set("m: { a: b, }\n", "/m/x", "q"), "m: { a: b, x: q }\n");
  EXPECT_EQ(set("l: [a, b] # c\n", "/l/-", "x"), "l: [a, b, x] # c\n");
  EXPECT_EQ(set("l: [a, b]\n", "/l/1", "x"), "l: [a, x, b]\n");
  EXPECT_EQ(set("l: [{port: 53}]\n", "/l/-", {{"port", 53}, {"protocol", "TCP"}}),
            "l: [{port: 53}, {port: 53, protocol: TCP}]\n");
  EXPECT_EQ(set("m: {a: {}}\n", "/m/a/x", 1), "m: {a: {x: 1}}\n");
  EXPECT_EQ(set("m: {a: b}\n", "/m/x~1q", "z:1"), "m: {a: b, x/q: 'z:1'}\n");
}

TEST(YamlEdit, BracketsOverSeveralLinesKeepTheirLines) {
  EXPECT_EQ(set("m: {\n  a: b,  # one\n  c: d  # two\n}\n", "/m/x", "q"),
            "m: {\n  a: b,  # one\n  c: d,  # two\n  x: q\n}\n");
  EXPECT_EQ(set("l: [\n  a,\n  b,\n]\n", "/l/-", "x"), "l: [\n  a,\n  b,\n  x\n]\n");
  EXPECT_EQ(removed("l: [\n  a,\n  b,\n  c\n]\n", "/l/1"), "l: [\n  a,\n  c\n]\n");
  EXPECT_EQ(removed("l: [\n  a,\n  b\n]\n", "/l/1"), "l: [\n  a\n]\n");
}

TEST(YamlEdit, AddsAnItemToAList) {
  EXPECT_EQ(set("l:\n- a # one\n- b\nm: c\n", "/l/-", "x"), "l:\n- a # one\n- b\n- x\nm: c\n");
  EXPECT_EQ(set("l:\n  - a\n  - b\nm: c\n", "/l/0", "x"), "l:\n  - x\n  - a\n  - b\nm: c\n");
  EXPECT_EQ(set("l:\n  -   a: 1\n      b: 2\n", "/l/-", {{"a", 3}, {"b", 4}}),
            "l:\n  -   a: 1\n      b: 2\n  -   a: 3\n      b: 4\n");
  EXPECT_EQ(set("l:\n- - a\n- - b\n", "/l/0/-", "x"), "l:\n- - a\n  - x\n- - b\n");
}

TEST(YamlEdit, ListsAreIndentedAsTheDocumentHasIt) {
  const Json rule = {{"ports", {{{"port", 53}}}}};
  EXPECT_EQ(
      set("spec:\n    types:\n      - a\n    egress:\n      - to: []\n", "/spec/egress/-", rule),
      "spec:\n    types:\n      - a\n    egress:\n      - to: []\n      - ports:\n          - "
      "port: 53\n");
  EXPECT_EQ(set("spec:\n  types:\n  - a\n", "/spec/egress", Json::array({rule})),
            "spec:\n  types:\n  - a\n  egress:\n  - ports:\n    - port: 53\n");
  EXPECT_EQ(set("spec:\n  types:\n    - a\n  egress: []\n", "/spec/egress/-", rule),
            "spec:\n  types:\n    - a\n  egress:\n    - ports:\n        - port: 53\n");
}

TEST(YamlEdit, RemovesAKey) {
  EXPECT_EQ(removed("a: b\nc: d # gone\ne: f\n", "/c"), "a: b\ne: f\n");
  EXPECT_EQ(removed("# of a\na:\n  x: 1\n  q: 2\n# of c\nc: d\n", "/a"), "# of a\n# of c\nc: d\n");
  EXPECT_EQ(removed("m: {a: b, c: d}\n", "/m/a"), "m: {c: d}\n");
  EXPECT_EQ(removed("m: {a: b, c: d}\n", "/m/c"), "m: {a: b}\n");
  EXPECT_EQ(removed("- a: 1\n  b: 2\n", "/0/a"), "- b: 2\n");
  EXPECT_EQ(removed("m:\n  a: |\n    text\n    more\n  b: c\n", "/m/a"), "m:\n  b: c\n");
}

TEST(YamlEdit, WhatIsLeftWithoutMembersIsEmpty) {
  EXPECT_EQ(removed("m:\n  a: b\nn: c\n", "/m/a"), "m: {}\nn: c\n");
  EXPECT_EQ(removed("m: # why\n  # how\n  a: b\nn: c\n", "/m/a"), "m: {} # why\n  # how\nn: c\n");
  EXPECT_EQ(removed("m: {a: b}\n", "/m/a"), "m: {}\n");
  EXPECT_EQ(removed("l:\n- a\nm: c\n", "/l/0"), "l: []\nm: c\n");
  EXPECT_EQ(removed("l: [ a ]\n", "/l/0"), "l: []\n");
  EXPECT_EQ(removed("m: &x\n  a: b\n", "/m/a"), "m: &x {}\n");
}

TEST(YamlEdit, RemovesItems) {
  EXPECT_EQ(removed("l:\n- a\n# b's\n- b\n- c\n", "/l/1"), "l:\n- a\n# b's\n- c\n");
  EXPECT_EQ(removed("- - a\n  - b\n", "/0/0"), "- - b\n");
  const Json two =
      Json::array({{{"op", "remove"}, {"path", "/l/2"}}, {{"op", "remove"}, {"path", "/l/0"}}});
  EXPECT_EQ(patched("l:\n- kind: a\n  name: a\n- kind: b\n  name: b\n- kind: c\n  name: c\n", two),
            "l:\n- kind: b\n  name: b\n");
  EXPECT_EQ(patched("l: [a, b, c, d]\n", two), "l: [b, d]\n");
}

TEST(YamlEdit, AKeyWithTheSameValueIsRenamed) {
  EXPECT_EQ(renamed("hard:\n  limits.nvidia.com/gpu: \"4\"  # four\n  cpu: 1\n",
                    "/hard/limits.nvidia.com~1gpu", "/hard/requests.nvidia.com~1gpu"),
            "hard:\n  requests.nvidia.com/gpu: \"4\"  # four\n  cpu: 1\n");
  EXPECT_EQ(renamed("m: {'a': 1}\n", "/m/a", "/m/b"), "m: {'b': 1}\n");
}

TEST(YamlEdit, SoIsOneThatIsWrittenOtherwise) {
  const Json steps = Json::array({{{"op", "remove"}, {"path", "/hard/limits.gpu"}},
                                  {{"op", "add"}, {"path", "/hard/requests.gpu"}, {"value", "4"}}});
  EXPECT_EQ(patched("hard: {limits.gpu: 4, pods: 10}\n", steps),
            "hard: {requests.gpu: \"4\", pods: 10}\n");
}

TEST(YamlEdit, SeveralChangesAtOnce) {
  const Json steps = Json::array({{{"op", "remove"}, {"path", "/m/c"}},
                                  {{"op", "add"}, {"path", "/m/x"}, {"value", 1}},
                                  {{"op", "replace"}, {"path", "/m/a"}, {"value", 2}}});
  EXPECT_EQ(patched("m: {a: b, c: d}\n", steps), "m: {a: 2, x: 1}\n");
  EXPECT_EQ(patched("m:\n  a: b\n  c: d\nk: l\n", steps), "m:\n  a: 2\n  x: 1\nk: l\n");
}

TEST(YamlEdit, ChangesKindsOfValues) {
  EXPECT_EQ(set("a:\n  b: c\nd: e\n", "/a", "x"), "a: x\nd: e\n");
  EXPECT_EQ(set("a: x\nd: e\n", "/a", {{"b", "c"}}), "a:\n  b: c\nd: e\n");
  EXPECT_EQ(set("a: [x]\n", "/a", 1), "a: 1\n");
}

TEST(YamlEdit, NothingIsWrittenThroughAnAlias) {
  EXPECT_EQ(set("a: &x\n  k: v\nb: *x\n", "/b/k", "w").substr(0, 8), "refused:");
  EXPECT_EQ(set("a: &x\n  k: v\nb: *x\n", "/a/k", "w").substr(0, 8), "refused:");
  EXPECT_EQ(set("a: &x\n  k: v\nb: {<<: *x}\n", "/b/k", "w").substr(0, 8), "refused:");
  EXPECT_EQ(set("a: &x 1\nb: *x\n", "/a", 2).substr(0, 8), "refused:");
  // Beside them anything may be.
  EXPECT_EQ(set("a: &x\n  k: v\nb: *x\nc: d\n", "/c", "e"), "a: &x\n  k: v\nb: *x\nc: e\n");
  EXPECT_EQ(set("a: &x\n  k: v\nb:\n  <<: *x\n  l: m\n", "/b/p", "o"),
            "a: &x\n  k: v\nb:\n  <<: *x\n  l: m\n  p: o\n");
  // An anchor that nothing names is a word like any other.
  EXPECT_EQ(set("a: &x\n  k: v\n", "/a/k", "w"), "a: &x\n  k: w\n");
  EXPECT_EQ(set("a: &x !!str v\n", "/a", "w"), "a: &x !!str w\n");
}

TEST(YamlEdit, RefusalsNameTheLine) {
  EXPECT_EQ(set("a: &x\n  k: v\nb: *x\n", "/b/k", "w"),
            "refused: line 3:4: what is here stands behind the alias *x");
  EXPECT_EQ(removed("- a: 1 # one\n  b: 2\n", "/0/a"),
            "refused: line 1:3: a comment here would be lost");
  EXPECT_EQ(removed("l: [\n  a, # one\n  b\n]\n", "/l/0"),
            "refused: line 2:3: a comment here would be lost");
}

TEST(YamlEdit, JsonStaysJson) {
  EXPECT_EQ(set("{\"a\":\"b\",\"l\":[1,2]}", "/x", "yes"),
            "{\"a\":\"b\",\"l\":[1,2],\"x\":\"yes\"}");
  EXPECT_EQ(set("{\"a\":{}}\n", "/a/x", {{"q", 1}}), "{\"a\":{\"x\":{\"q\":1}}}\n");
  EXPECT_EQ(set("{\n    \"a\": {\n        \"b\": 1\n    }\n}\n", "/a/x", {{"q", {1}}}),
            "{\n    \"a\": {\n        \"b\": 1,\n        \"x\": {\n            \"q\": [\n"
            "                1\n            ]\n        }\n    }\n}\n");
  EXPECT_EQ(set("{\n  \"a\": {},\n  \"b\": 1\n}\n", "/a/x", 1),
            "{\n  \"a\": {\n    \"x\": 1\n  },\n  \"b\": 1\n}\n");
  EXPECT_EQ(removed("{\n\t\"a\": 1,\n\t\"b\": 2\n}\n", "/a"), "{\n\t\"b\": 2\n}\n");
  EXPECT_EQ(renamed("{\"a\": 1}", "/a", "/b"), "{\"b\": 1}");
}

TEST(YamlEdit, WideCharactersAndByteOrderMarks) {
  EXPECT_EQ(set("\xEF\xBB\xBF"
                "ä: 'ö' # ü\nß: x\n",
                "/ß", "q"),
            "\xEF\xBB\xBF"
            "ä: 'ö' # ü\nß: q\n");
  EXPECT_EQ(set("\xEF\xBB\xBF"
                "a: b\n",
                "/x", 1),
            "\xEF\xBB\xBF"
            "a: b\nx: 1\n");
  EXPECT_EQ(set("ä: [日本, 語]\n", "/ä/-", "é"), "ä: [日本, 語, é]\n");
}

}  // namespace
}  // namespace kai::model
