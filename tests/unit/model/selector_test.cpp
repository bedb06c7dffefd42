#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/selector.hpp>

#include <string>
#include <vector>

namespace kai::model {
namespace {

using testing::HasSubstr;

bool matches(std::string_view selector, const Labels& labels) {
  const auto parsed = LabelSelector::parse(selector);
  EXPECT_TRUE(parsed) << selector << ": " << (parsed ? "" : parsed.error().message);
  return parsed && parsed->matches(labels);
}

TEST(LabelSelector, CanonicalText) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", ""},
      {"  ", ""},
      {"a", "a"},
      {"!a", "!a"},
      {" ! a ", "!a"},
      {"a=b", "a=b"},
      {"a==b", "a=b"},
      {"a = b", "a=b"},
      {"a!=b", "a!=b"},
      {"a=", "a="},
      {"a==", "a="},
      {"a!=", "a!="},
      {"b=2,a=1", "a=1,b=2"},
      {"a=,b", "a=,b"},
      {"a in (x)", "a in (x)"},
      {"a in (y,x,y)", "a in (x,y)"},
      {"a in ( x , y )", "a in (x,y)"},
      {"a in ()", "a in ()"},
      {"a notin (,x)", "a notin (,x)"},
      {"a in (x,,y)", "a in (,x,y)"},
      {"a in (x,)", "a in (,x)"},
      {"a>1", "a>1"},
      {"a < 007", "a<007"},
      {"in", "in"},
      {"notin notin (notin)", "notin notin (notin)"},
      {"a=in", "a=in"},
      {"nvidia.com/gpu.present=true,!gone,env in (a,b)",
       "env in (a,b),!gone,nvidia.com/gpu.present=true"},
      {"a\tin\n(b)", "a in (b)"},
      {"a=1,a!=2", "a=1,a!=2"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto parsed = LabelSelector::parse(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(parsed->to_string(), canonical) << text;
    EXPECT_EQ(LabelSelector::parse(parsed->to_string())->to_string(), canonical) << text;
  }
}

TEST(LabelSelector, RefusesWhatKubectlRefuses) {
  for (const std::string_view text :
       {",",       "a,",         ",a",         "a,,b",       "=",         "=a",
        "!",       "!!a",        "!a=b",       "a b",        "a in",      "a in b",
        "a in (b", "a in b)",    "a in (b c)", "a in (b=c)", "a in (b)c", "a in (b),",
        "a===b",   "a=!b",       "a=b=c",      "(a)",        "a>",        "a>b",
        "a>1.5",   "a>-1",       "a IN (b)",   "a/b/c",      "-a",        "a=b/c",
        "a=-",     "a in (b/c)", "a=(b)",      "!a in (b)",  "a!b",       "a<>b"}) {
    EXPECT_FALSE(LabelSelector::parse(text)) << text;
  }
}

TEST(LabelSelector, ErrorsSayWhere) {
  EXPECT_EQ(LabelSelector::parse("app=web,,x").error().message,
            "invalid label selector \"app=web,,x\", column 9: expected a label key or '!', found "
            "','");
  EXPECT_THAT(LabelSelector::parse("a in (b").error().message,
              HasSubstr("column 8: expected ',' or ')', found the end"));
  EXPECT_THAT(LabelSelector::parse("a,b=c d").error().message,
              HasSubstr("column 7: expected ',' or the end, found 'd'"));
  EXPECT_THAT(LabelSelector::parse("ok,b=c/d").error().message,
              HasSubstr("column 4: invalid label value \"c/d\""));
}

TEST(LabelSelector, Matches) {
  const Labels labels = {{"env", "prod"}, {"gpu", ""}, {"n", "5"}};
  for (const std::string_view text :
       {"", "env", "gpu", "!gone", "env=prod", "env!=test", "gone!=x", "env in (a,prod)",
        "env notin (a,b)", "gone notin (a)", "gpu=", "gpu in ()", "gone notin ()", "n>4", "n<6",
        "env=prod,gpu,!gone"}) {
    EXPECT_TRUE(matches(text, labels)) << text;
  }
  for (const std::string_view text :
       {"gone", "!env", "env=test", "env!=prod", "gone=x", "gone=", "env in (a,b)",
        "env notin (prod)", "gone in (a)", "gone in ()", "gpu=x", "gpu!=", "n>5", "n<5", "env>1",
        "gone>1", "env=prod,gone", "ENV"}) {
    EXPECT_FALSE(matches(text, labels)) << text;
  }
}

TEST(LabelSelector, ReadsObjects) {
  const auto selector = LabelSelector::from_json(Json::parse(R"({
    "matchLabels": {"app": "web"},
    "matchExpressions": [
      {"key": "env", "operator": "In", "values": ["b", "a"]},
      {"key": "gone", "operator": "DoesNotExist"},
      {"key": "x", "operator": "NotIn", "values": [""]},
      {"key": "app", "operator": "Exists", "values": null}]})"));
  ASSERT_TRUE(selector) << selector.error().message;
  EXPECT_EQ(selector->to_string(), "app=web,app,env in (a,b),!gone,x notin ()");
  EXPECT_TRUE(selector->matches({{"app", "web"}, {"env", "a"}}));
  EXPECT_FALSE(selector->matches({{"app", "web"}, {"env", "a"}, {"x", ""}}));
  EXPECT_FALSE(selector->matches({{"app", "web"}}));
  EXPECT_EQ(selector->requirements().size(), 5U);
}

TEST(LabelSelector, EmptyMatchesAllAndNullNothing) {
  const auto everything = LabelSelector::from_json(Json::object());
  EXPECT_TRUE(everything->matches({}));
  EXPECT_TRUE(everything->empty());
  const auto nothing = LabelSelector::from_json(Json());
  EXPECT_FALSE(nothing->matches({}));
  EXPECT_FALSE(nothing->matches({{"a", "b"}}));
  EXPECT_FALSE(nothing->empty());
  EXPECT_TRUE(LabelSelector().matches({{"a", "b"}}));
  EXPECT_TRUE(LabelSelector::from_json(Json::parse(R"({"matchLabels":null,"matchExpressions":[]})"))
                  ->empty());
}

TEST(LabelSelector, RefusesMalformedObjects) {
  for (const char* const text :
       {"[]", "\"a=b\"", R"({"matchLabels":[]})", R"({"matchLabels":{"a":1}})",
        R"({"matchLabels":{"a b":"c"}})", R"({"matchLabels":{"a":"b c"}})",
        R"({"matchExpressions":{}})", R"({"matchExpressions":[{"key":"a"}]})",
        R"({"matchExpressions":[{"key":"a","operator":"in","values":["b"]}]})",
        R"({"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]})",
        R"({"matchExpressions":[{"key":"a","operator":"In"}]})",
        R"({"matchExpressions":[{"key":"a","operator":"In","values":[]}]})",
        R"({"matchExpressions":[{"key":"a","operator":"In","values":[1]}]})",
        R"({"matchExpressions":[{"key":"a","operator":"In","values":"b"}]})",
        R"({"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]})",
        R"({"matchExpressions":[{"key":"","operator":"Exists"}]})",
        R"({"matchExpressions":["a"]})"}) {
    EXPECT_FALSE(LabelSelector::from_json(Json::parse(text))) << text;
  }
}

}  // namespace
}  // namespace kai::model
