#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/json.hpp>

#include <limits>
#include <string>
#include <vector>

namespace kai::model {
namespace {

using testing::HasSubstr;

std::string nested(int depth) {
  const auto levels = static_cast<std::size_t>(depth);
  return std::string(levels, '[') + std::string(levels, ']');
}

TEST(ParseJson, ReadsWhatNlohmannReads) {
  for (const std::string_view text :
       {R"({})", R"([])", R"("")", "null", "true", "false", " \t\r\n[ 1 , 2 ] ",
        R"({"a":{"b":[{},[],"x",null,true,false,0,-1,1.5,1e3,1E-2]}})",
        R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é 😀")", R"({"":1," ":2})", "-0", "0.25",
        "9223372036854775807", "-9223372036854775808", "1e-400"}) {
    const auto parsed = parse_json(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().to_string();
    EXPECT_EQ(*parsed, Json::parse(text)) << text;
  }
}

TEST(ParseJson, RefusesWhatNlohmannRefuses) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "}",
                                      "[1,]",
                                      "[,1]",
                                      R"({"a":1,})",
                                      R"({"a" 1})",
                                      R"({a:1})",
                                      R"({"a":})",
                                      "[1 2]",
                                      "01",
                                      "-",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "+1",
                                      "0x1",
                                      "nul",
                                      "truex",
                                      "1 2",
                                      R"("a)",
                                      R"("\x")",
                                      R"("\u12")",
                                      R"("\u12g4")",
                                      "\"a\nb\"",
                                      "\"\xff\"",
                                      "\"\xc0\x80\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"\xf4\x90\x80\x80\"",
                                      "\"\xe2\x82\"",
                                      "[",
                                      "[1",
                                      R"({"a")",
                                      "NaN",
                                      "1e999",
                                      "-1e999",
                                      "1e9223372036854775807",
                                      "12.5e9223372036854775807",
                                      R"({"a":1]})"}) {
    EXPECT_FALSE(parse_json(text)) << text;
    EXPECT_FALSE(Json::accept(text)) << text;
  }
}

TEST(ParseJson, TypesNumbersAsKubectl) {
  EXPECT_TRUE(parse_json("7")->is_number_integer());
  EXPECT_TRUE(parse_json("7.0")->is_number_integer());
  EXPECT_TRUE(parse_json("7e2")->is_number_integer());
  EXPECT_TRUE(parse_json("7.5")->is_number_float());
  // One past int64: kubectl holds it as a float.
  EXPECT_TRUE(parse_json("9223372036854775808")->is_number_float());
  EXPECT_DOUBLE_EQ(parse_json("18446744073709551615")->get<double>(), 18446744073709551615.0);
}

// Exponents that no integer holds, and sums of them and of the digits before the point.
TEST(ParseJson, TakesAnyExponent) {
  for (const char* text :
       {"0e99999999999999999999", "-0.0e9223372036854775807", "1e-99999999999999999999",
        "100e-9223372036854775808", "0.001e-9223372036854775808"}) {
    const auto number = parse_json(text);
    ASSERT_TRUE(number) << text;
    EXPECT_EQ(*number, 0) << text;
  }
}

TEST(ToJson, WritesNumbersAsGo) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"0", "0"},
      {"-0", "0"},
      {"-0.0", "0"},
      {"1.0", "1"},
      {"1e3", "1000"},
      {"1.5", "1.5"},
      {"0.1", "0.1"},
      {"100.25", "100.25"},
      {"1e-6", "0.000001"},
      {"1.5e-7", "1.5e-7"},
      {"1e-10", "1e-10"},
      {"1e20", "100000000000000000000"},
      {"123456789e12", "123456789000000000000"},
      {"1e21", "1e+21"},
      {"1.25e300", "1.25e+300"},
      {"5e-324", "5e-324"},
      {"9007199254740993", "9007199254740993"},
      {"9007199254740993.0", "9007199254740992"},
      {"18446744073709551615", "18446744073709552000"},
      {"-9223372036854775809", "-9223372036854776000"},
      {"4611686018427387904.0", "4611686018427388000"},
      {"0.30000000000000004", "0.30000000000000004"},
  };
  for (const auto& [text, written] : cases) {
    EXPECT_EQ(to_json(parse_json(text).value()), written) << text;
  }
}

TEST(ToJson, NeverThrowsAndReadsBack) {
  const Json value =
      Json::parse(R"({"b":[1,"\u0001\n\"\\ é😀",{}],"a":{"x":null,"y":[]},"c":true})");
  EXPECT_EQ(to_json(value),
            "{\"a\":{\"x\":null,\"y\":[]},\"b\":[1,\"\\u0001\\n\\\"\\\\ é😀\",{}],\"c\":true}");
  EXPECT_EQ(parse_json(to_json(value)).value(), value);
  EXPECT_EQ(parse_json(to_json(value, 2)).value(), value);
  EXPECT_EQ(to_json(Json::parse(R"({"a":[1,{}],"b":{}})"), 2),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {}\n}");
  EXPECT_EQ(to_json(Json(std::string("a\xff\xc3z"))), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(ParseJson, ReplacesLoneSurrogatesAsGo) {
  EXPECT_EQ(*parse_json(R"("a\ud800b")"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(*parse_json(R"("\udc00")"), "\xEF\xBF\xBD");
  EXPECT_EQ(*parse_json(R"("\ud800\u0041")"),
            "\xEF\xBF\xBD"
            "A");
}

TEST(ParseJson, LastDuplicateKeyCounts) {
  EXPECT_EQ(*parse_json(R"({"a":{"x":1},"a":{"y":2}})"), Json::parse(R"({"a":{"y":2}})"));
}

TEST(ParseJson, BoundsDepth) {
  EXPECT_TRUE(parse_json(nested(k_max_depth)));
  const auto deep = parse_json(nested(k_max_depth + 1));
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().message, HasSubstr("nested deeper than 512"));
  EXPECT_FALSE(parse_json(nested(1'000'000)));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(ParseJson, ErrorsSayWhere) {
  const auto error = parse_json("{\n  \"é\": 1,\n  \"ü\": x\n}").error();
  EXPECT_EQ(error.code, ErrorCode::invalid_input);
  ASSERT_TRUE(error.location);
  EXPECT_EQ(error.location->line, 3);
  EXPECT_EQ(error.location->column, 8);  // characters, not bytes
  EXPECT_EQ(error.message, "malformed JSON: expected a value, found 'x'");
  EXPECT_EQ(parse_json("[1").error().message,
            "malformed JSON: the text ends where ',' or ']' should follow");
}

constexpr std::string_view k_pods = R"({
  "kind": "PodList", "apiVersion": "v1",
  "metadata": {"resourceVersion": "42", "continue": "abc", "remainingItemCount": 7},
  "items": [
    {"metadata": {"name": "a", "managedFields": [
      {"manager": "m", "fieldsV1": {"f:x": {"k:{\"a\":\"]}\\\"\"}": {}, "y": [1, {"z": 2}]}}, "time": "t"},
      {"fieldsV1": null, "manager": "n"}]},
     "spec": {"fieldsV1": {"kept": true}}},
    {"metadata": {"name": "b"}}
  ]})";

TEST(ParseList, HandsOverEachItem) {
  std::vector<Json> items;
  const auto header = parse_list(k_pods, [&](Json&& item) -> Result<> {
    items.push_back(std::move(item));
    return {};
  });
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->kind, "PodList");
  EXPECT_EQ(header->api_version, "v1");
  EXPECT_EQ(header->resource_version, "42");
  EXPECT_EQ(header->continue_token, "abc");
  EXPECT_EQ(header->remaining_item_count, 7);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0], Json::parse(R"({"kind": "Pod", "apiVersion": "v1",
      "metadata": {"name": "a", "managedFields": [{"manager": "m", "time": "t"}, {"manager": "n"}]},
      "spec": {"fieldsV1": {"kept": true}}})"));
  EXPECT_EQ(string_at(items[1], {"metadata", "name"}), "b");
}

TEST(ParseList, KeepsWhoSetWhatWhenAsked) {
  std::vector<Json> items;
  const auto take = [&](Json&& item) -> Result<> {
    items.push_back(std::move(item));
    return {};
  };
  ASSERT_TRUE(parse_list(k_pods, take, ManagedFields::all));
  EXPECT_EQ(items.at(0)["metadata"]["managedFields"][0]["fieldsV1"]["f:x"]["y"][0], 1);
}

TEST(ParseList, LeavesItemsWithAKindAlone) {
  constexpr std::string_view text =
      R"({"apiVersion":"x/v1","items":[{"kind":"Widget","apiVersion":"x/v1"}],"kind":"WidgetList","metadata":{"continue":"later"}})";
  const auto header = parse_list(text, [](Json&& item) -> Result<> {
    EXPECT_EQ(item, Json::parse(R"({"kind":"Widget","apiVersion":"x/v1"})"));
    return {};
  });
  ASSERT_TRUE(header);
  EXPECT_EQ(header->continue_token, "later");
}

TEST(ParseList, TakesEmptyAndNullItems) {
  const ItemSink none = [](Json&&) -> Result<> { return fail(ErrorCode::internal, "an item"); };
  EXPECT_TRUE(parse_list(R"({"kind":"PodList","items":[]})", none));
  EXPECT_TRUE(parse_list(R"({"kind":"PodList","items":null})", none));
  EXPECT_TRUE(parse_list(R"({"kind":"PodList"})", none));
  EXPECT_TRUE(parse_list("{}", none));
}

TEST(ParseList, StopsWithTheSinksError) {
  int seen = 0;
  const auto header = parse_list(k_pods, [&](Json&&) -> Result<> {
    ++seen;
    return fail(ErrorCode::cancelled, "enough");
  });
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().message, "enough");
  EXPECT_EQ(seen, 1);
}

TEST(ParseList, RefusesTruncatedText) {
  const ItemSink drop = [](Json&&) -> Result<> { return {}; };
  // Whatever is cut off, the list never looks complete.
  for (std::size_t size = 0; size < k_pods.size(); ++size) {
    EXPECT_FALSE(parse_list(k_pods.substr(0, size), drop)) << size;
  }
  EXPECT_TRUE(parse_list(k_pods, drop));
  EXPECT_FALSE(parse_list(R"({"items":{}})", drop));
  EXPECT_FALSE(parse_list("[]", drop));
}

TEST(PeekListHeader, StopsAtItems) {
  const std::string_view text =
      R"({"kind":"PodList","apiVersion":"v1","metadata":{"continue":"abc"},"items":[{"unfinished)";
  const auto header = peek_list_header(text);
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->continue_token, "abc");
  EXPECT_EQ(header->kind, "PodList");
}

TEST(PeekListHeader, StepsOverItemsThatComeFirst) {
  const auto header = peek_list_header(
      R"({"apiVersion":"x/v1","items":[{"a":"}]\\\"]"},["],"]],"kind":"WidgetList","metadata":{"continue":"abc"}})");
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->continue_token, "abc");
}

TEST(JsonPath, NeverThrows) {
  const Json object =
      Json::parse(R"({"a":{"b":"text","n":5,"f":1.5,"t":true,"null":null},"list":[{"b":1}]})");
  EXPECT_EQ(string_at(object, {"a", "b"}), "text");
  EXPECT_EQ(string_at(object, {"a", "n"}, "none"), "none");
  EXPECT_EQ(string_at(object, {"a", "b", "c"}, "none"), "none");
  EXPECT_EQ(int_at(object, {"a", "n"}), 5);
  EXPECT_EQ(int_at(object, {"a", "f"}, -1), -1);
  EXPECT_TRUE(bool_at(object, {"a", "t"}));
  EXPECT_TRUE(bool_at(object, {"a", "b"}, true));
  EXPECT_EQ(find_path(object, {"list", "b"}), nullptr);
  EXPECT_EQ(find_path(object, {"x"}), nullptr);
  EXPECT_EQ(find_path(object, {}), &object);
  ASSERT_NE(find_path(object, {"a", "null"}), nullptr);
  EXPECT_TRUE(find_path(object, {"a", "null"})->is_null());
  EXPECT_EQ(string_at(Json(5), {"a"}), "");
}

}  // namespace
}  // namespace kai::model
