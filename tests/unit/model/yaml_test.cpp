#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/yaml.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kai::model {
namespace {

using testing::HasSubstr;

class Yaml : public testing::Test {
 protected:
  [[nodiscard]] static YamlOptions options() {
    YamlOptions options;
    options.file = "f.yaml";
    return options;
  }
  [[nodiscard]] static Json value(std::string_view text) {
    auto document = parse_yaml(text, options());
    EXPECT_TRUE(document) << text << ": " << (document ? "" : document.error().to_string());
    return document ? document->value : Json("failed");
  }
  [[nodiscard]] static Error error(std::string_view text) {
    const auto document = parse_yaml(text, options());
    EXPECT_FALSE(document) << text;
    return document ? Error() : document.error();
  }
  // One JSON text or "error at LINE" per document.
  [[nodiscard]] static std::vector<std::string> stream(std::string_view text) {
    std::vector<std::string> outcomes;
    const auto read =
        parse_yaml_stream(text, options(), [&](Result<YamlDocument>&& document) -> Result<> {
          outcomes.push_back(
              document ? std::to_string(document->location.line) + " " + to_json(document->value)
                       : "error at " + std::to_string(document.error().location->line));
          return {};
        });
    EXPECT_TRUE(read);
    return outcomes;
  }
};

TEST_F(Yaml, TypesScalarsAsKubectl) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"a", R"("a")"},
      {"yes", "true"},
      {"Yes", "true"},
      {"yEs", R"("yEs")"},
      {"y", "true"},
      {"N", "false"},
      {"on", "true"},
      {"OFF", "false"},
      {"'yes'", R"("yes")"},
      {"\"off\"", R"("off")"},
      {"~", "null"},
      {"null", "null"},
      {"NULL", "null"},
      {"nULL", R"("nULL")"},
      {"0", "0"},
      {"-0", "0"},
      {"017", "15"},
      {"0o17", "15"},
      {"08", "8"},
      {"018", "18"},
      {"0b11", "3"},
      {"-0b11", "-3"},
      {"0b-11", "-3"},
      {"0x1F", "31"},
      {"0X1f", "31"},
      {"0x_1_F", "31"},
      {"0xg", R"("0xg")"},
      {"0x", R"("0x")"},
      {"0b", R"("0b")"},
      {"1_000", "1000"},
      {"_1", R"("_1")"},
      {"+12", "12"},
      {"-12", "-12"},
      {"+", R"("+")"},
      {"1.5", "1.5"},
      {"1.0", "1"},
      {"1.", "1"},
      {".5", "0.5"},
      {"-.5", "-0.5"},
      {"1e3", "1000"},
      {"1e-7", "1e-7"},
      {"1E+21", "1e+21"},
      {"1e400", R"("1e400")"},
      {"1e", R"("1e")"},
      {"685_230.15", "685230.15"},
      {"190:20:30", R"("190:20:30")"},
      {"12:30", R"("12:30")"},
      {"9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", "9223372036854776000"},
      {"18446744073709551615", "18446744073709552000"},
      {"18446744073709551616", "18446744073709552000"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"-9223372036854775809", "-9223372036854776000"},
      {"2001-12-14", R"("2001-12-14")"},
      {"2001-12-14T21:59:43.10Z", R"("2001-12-14T21:59:43.10Z")"},
      {"1.2.3", R"("1.2.3")"},
      {"v1.34", R"("v1.34")"},
      {"1.34", "1.34"},
      {"500m", R"("500m")"},
      {"=", R"("=")"},
      {"<<", R"("<<")"},
      {"!!str 12", R"("12")"},
      {"!!str yes", R"("yes")"},
      {"!!int 12", "12"},
      {"!!int '12'", "12"},
      {"!!float 12", "12"},
      {"!!bool 'yes'", "true"},
      {"!!binary aGVsbG8=", R"("hello")"},
      {"!!timestamp 2001-01-01", R"("2001-01-01")"},
      {"!local 12", R"("12")"},
  };
  for (const auto& [text, json] : cases) {
    EXPECT_EQ(to_json(value(std::string("a: ") + text)), std::string("{\"a\":") + json + "}")
        << text;
    EXPECT_EQ(to_json(value(std::string("[") + text + "]")), std::string("[") + json + "]") << text;
  }
}

TEST_F(Yaml, NamesKeysAsKubectl) {
  EXPECT_EQ(to_json(value("{true: 1, No: 2, 1: 3, 017: 4, 1.5: 5, 1e6: 6, x: 7, '8': 8, .inf: 9}")),
            R"({".inf":9,"1":3,"1.5":5,"15":4,"1e+06":6,"8":8,"false":2,"true":1,"x":7})");
  EXPECT_EQ(error("null: 1").message, "a map key must not be null");
  EXPECT_EQ(error("18446744073709551615: 1").message,
            "the map key 18446744073709551615 is too large; put it in quotes");
  EXPECT_EQ(error("{[a]: 1}").message, "a map key must be a scalar");
  EXPECT_EQ(error("? {a: b}\n: 1").message, "a map key must be a scalar");
}

TEST_F(Yaml, RefusesWhatATagDoesNotAllow) {
  for (const std::string text :
       {"!!int abc", "!!int 1.5", "!!bool 1", "!!null x", "!!float x", "!!timestamp 5",
        "!!timestamp 2001-02-30", "!!binary '*'", ".nan", "-.inf"}) {
    EXPECT_EQ(error("a: " + text).location, (Location{"f.yaml", 1, 4})) << text;
  }
  EXPECT_EQ(error("a: !!int abc").message, "this is a string, not a !!int");
  EXPECT_EQ(error("a: *b").message,
            "an alias (*) of an anchor that is not there; put text in quotes");
  EXPECT_EQ(error("a: .inf").message, "this is a number that JSON does not have");
}

TEST_F(Yaml, MergesAsKubectl) {
  // In the order in which things stand: a merge replaces what was written before it.
  EXPECT_EQ(to_json(value("a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: {z: 3, <<: *a}\n")),
            R"({"a":{"x":1,"z":2},"b":{"x":1,"z":3},"c":{"x":1,"z":2}})");
  EXPECT_EQ(to_json(value("a: &a {x: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b, {q: 3}]}\n")["c"]),
            R"({"q":3,"x":1,"z":2})");
  EXPECT_EQ(to_json(value("{<<: {a: {b: 1}}, c: 2}")), R"({"a":{"b":1},"c":2})");
  EXPECT_EQ(to_json(value("{'<<': 1}")), R"({"<<":1})");
  EXPECT_EQ(to_json(value("{<<: []}")), "{}");
  EXPECT_EQ(error("a: &a 1\nb: {<<: *a}").location, (Location{"f.yaml", 2, 5}));
  // A list of maps is merged where it is written, not by its name.
  EXPECT_THAT(error("a: &a [{x: 1}]\nb: {<<: *a}").message, HasSubstr("can be merged"));
  EXPECT_THAT(error("a: &a [{x: 1}]\nb: {<<: [*a]}").message, HasSubstr("can be merged"));
  EXPECT_THAT(error("{<<: [1]}").message, HasSubstr("can be merged"));
  EXPECT_THAT(error("{<<: }").message, HasSubstr("can be merged"));
}

TEST_F(Yaml, ResolvesAliases) {
  EXPECT_EQ(to_json(value("[&a 1, *a, &b [2], *b, &c {k: 3}, *c, &a x, *a]")),
            R"([1,1,[2],[2],{"k":3},{"k":3},"x","x"])");
  EXPECT_EQ(to_json(value("[&k key, {*k : 1}]")), R"(["key",{"key":1}])");
  EXPECT_EQ(to_json(value("[&k 1e6, {*k : 1}]")), R"([1000000,{"1e+06":1}])");
  EXPECT_THAT(error("[&a [*a]]").message, HasSubstr("contains itself"));
  EXPECT_FALSE(error("[*a]").message.empty());
}

TEST_F(Yaml, RefusesDuplicateKeys) {
  const Error twice = error("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n");
  EXPECT_EQ(twice.message, "duplicate key \"c\", first at f.yaml:3:3");
  EXPECT_EQ(twice.location, (Location{"f.yaml", 5, 3}));
  EXPECT_FALSE(error("{1: a, '1': b}").message.empty());
  EXPECT_FALSE(error("{true: a, yes: b}").message.empty());
  // The same key in another map, or one that was merged in, is no duplicate.
  EXPECT_EQ(to_json(value("{a: {k: 1}, b: {k: 2}}")), R"({"a":{"k":1},"b":{"k":2}})");
  EXPECT_EQ(to_json(value("{<<: {k: 1}, k: 2}")), R"({"k":2})");
  EXPECT_FALSE(error("{k: 1, <<: {k: 2}, k: 3}").message.empty());
  EXPECT_EQ(error("{\"a\": 1,\n \"a\": 2}").message, "duplicate key \"a\", first at f.yaml:1:2");
}

TEST_F(Yaml, ReadsEveryScalarStyle) {
  EXPECT_EQ(value("a: |\n  one\n   two\n\n  three\n\nb: 1")["a"], "one\n two\n\nthree\n");
  EXPECT_EQ(value("a: |-\n  one\n")["a"], "one");
  EXPECT_EQ(value("a: |+\n  one\n\nb: 1")["a"], "one\n\n");
  EXPECT_EQ(value("a: |2\n   one\n")["a"], " one\n");
  EXPECT_EQ(value("a: >\n  one\n  two\n\n  three\n")["a"], "one two\nthree\n");
  EXPECT_EQ(value("a: 'it''s'")["a"], "it's");
  EXPECT_EQ(value("a: \"t\\tn\\nu\\u00e9x\\x41\\\n   joined\"")["a"], "t\tn\nu\u00e9xAjoined");
  EXPECT_EQ(value("a: one\n  two\n\n  three")["a"], "one two\nthree");
  // kubectl gives every last line its line break.
  EXPECT_EQ(value("a: |\n  one")["a"], "one\n");
}

TEST_F(Yaml, RefusesWhatKubectlsParserHasNotLearned) {
  const Error slash = error("a: é\nb: [\"\\\\/\", '\\/', \"😀 \\/\"] # \"\\/\"\n");
  EXPECT_THAT(slash.message, HasSubstr("unknown escape character \"\\/\""));
  EXPECT_EQ(slash.location, (Location{"f.yaml", 2, 18}));
  EXPECT_EQ(value("a: \"\\\\/\" # \"\\/\"\n")["a"], "\\/");
  EXPECT_EQ(value(R"({"a": "\/"})")["a"], "/");  // JSON has it
  EXPECT_THAT(error("a: [http://x?y=1]").message, HasSubstr("\"?\" in a flow collection"));
  EXPECT_EQ(to_json(value("a: http://x?y=1\nb: [?x]")), R"({"a":"http://x?y=1","b":[{"x":null}]})");
}

TEST_F(Yaml, ReadsStreams) {
  using Outcomes = std::vector<std::string>;
  EXPECT_EQ(stream(""), Outcomes{});
  EXPECT_EQ(stream("# nothing\n---\n# here\n---\n"), Outcomes{});
  EXPECT_EQ(stream("a: 1\n---\nb: 2\n"), (Outcomes{R"(1 {"a":1})", R"(3 {"b":2})"}));
  EXPECT_EQ(stream("---\na: 1\n--- # second\nb: 2\n---\n---\n"),
            (Outcomes{R"(2 {"a":1})", R"(4 {"b":2})"}));
  EXPECT_EQ(stream("a: 1\r\n---\r\nb: 2\r\n"), (Outcomes{R"(1 {"a":1})", R"(3 {"b":2})"}));
  EXPECT_EQ(stream("null\n---\n5\n"), (Outcomes{"1 null", "3 5"}));
  EXPECT_EQ(stream("a: 1\n...\n---\nb: 2\n"), (Outcomes{R"(1 {"a":1})", R"(4 {"b":2})"}));
}

TEST_F(Yaml, ABrokenDocumentHidesNoOther) {
  EXPECT_EQ(stream("a: 1\n---\nb: [1\n---\nc: 3\n---\nd: {\n"),
            (std::vector<std::string>{R"(1 {"a":1})", "error at 4", R"(5 {"c":3})", "error at 8"}));
  EXPECT_EQ(stream("a: 1\n--- b: 2\nc: 3\n---\nd: 4\n"),
            (std::vector<std::string>{R"(1 {"a":1})", "error at 2", R"(5 {"d":4})"}));
  EXPECT_EQ(stream("a: 1\na: 2\n---\nb: 1\n"),
            (std::vector<std::string>{"error at 2", R"(4 {"b":1})"}));
}

TEST_F(Yaml, ReadsJson) {
  EXPECT_EQ(to_json(value(R"({"a": [1, "\ud83d\ude00", 1.0]})")), R"({"a":[1,"😀",1]})");
  EXPECT_EQ(stream("{\"a\":1}{\"b\":2}\n {\"c\":3}\n"),
            (std::vector<std::string>{R"(1 {"a":1})", R"(1 {"b":2})", R"(2 {"c":3})"}));
  EXPECT_EQ(stream("{\"a\":1}\n---\nb: 2\n"),
            (std::vector<std::string>{R"(1 {"a":1})", R"(3 {"b":2})"}));
  EXPECT_EQ(stream("{\"a\":1}\n\n\t\n"), std::vector<std::string>{R"(1 {"a":1})"});
  EXPECT_EQ(to_json(value("{a: b}")), R"({"a":"b"})");
}

TEST_F(Yaml, KeepsPositions) {
  YamlOptions recording = options();
  recording.positions = Positions::record;
  const auto document = parse_yaml(
      "# comment\nspec:\n  taints:\n  - key: a\n    effect: b\n  - {key: c}\n  a/b~c: 1\n",
      recording);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->location, (Location{"f.yaml", 2, 1}));
  const auto at = [&](const char* pointer) {
    const auto found = document->positions.find(pointer);
    return found == document->positions.end() ? std::string("none") : found->second.to_string();
  };
  EXPECT_EQ(at(""), "f.yaml:2:1");
  EXPECT_EQ(at("/spec"), "f.yaml:2:1");
  EXPECT_EQ(at("/spec/taints"), "f.yaml:3:3");
  EXPECT_EQ(at("/spec/taints/0"), "f.yaml:4:5");
  EXPECT_EQ(at("/spec/taints/0/effect"), "f.yaml:5:5");
  EXPECT_EQ(at("/spec/taints/1/key"), "f.yaml:6:6");
  EXPECT_EQ(at("/spec/a~1b~0c"), "f.yaml:7:3");
  EXPECT_EQ(document->positions.size(), 9U);
  EXPECT_TRUE(parse_yaml("a: 1", options())->positions.empty());
}

TEST_F(Yaml, BoundsDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_yaml(nested(200), options()));
  EXPECT_FALSE(error(nested(2000)).message.empty());
  EXPECT_FALSE(error(std::string(100'000, '[')).message.empty());
  std::string blocks;
  for (std::size_t i = 0; i < 1000; ++i) blocks += std::string(i, ' ') + "a:\n";
  EXPECT_FALSE(error(blocks).message.empty());
  // Aliases add up to depth as well.
  std::string chain = "- &a0 [x]\n";
  for (int i = 0; i < 10'000; ++i) chain += "- x\n";  // so that aliases are not the greater part
  for (int i = 1; i < 600; ++i) {
    chain += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  EXPECT_THAT(error(chain).message, HasSubstr("nested deeper than 512"));
}

TEST_F(Yaml, BoundsAliasExpansion) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int j = 0; j < 8; ++j) laughs += ", " + alias;
    laughs += "]\n";
  }
  EXPECT_THAT(error(laughs).message, HasSubstr("aliases"));
}

TEST_F(Yaml, BoundsNodesAndBytes) {
  YamlOptions few = options();
  few.limits.max_nodes = 10;
  EXPECT_TRUE(parse_yaml("[1, 2, 3]", few));
  EXPECT_FALSE(parse_yaml("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", few));
  few.limits.max_nodes = 1000;
  few.limits.max_bytes = 10;
  EXPECT_TRUE(parse_yaml("[1, 2, 3]", few));
  EXPECT_FALSE(parse_yaml("[1, 2, 3, 4]", few));
}

TEST_F(Yaml, ErrorsSayWhere) {
  for (const auto& [text, line] : std::vector<std::pair<const char*, int>>{{"a: 1\nb: [1, 2\n", 3},
                                                                           {"a: 'open\n", 2},
                                                                           {"a: 1\n  b: 2\n", 2},
                                                                           {"a: 1\nb\n", 3},
                                                                           {"a: \"\\q\"\n", 1},
                                                                           {"a: b: c\n", 1},
                                                                           {"a: %x\n", 1},
                                                                           {"a: @x\n", 1},
                                                                           {"x: 1\n- y\n", 2}}) {
    const Error found = error(text);
    EXPECT_EQ(found.code, ErrorCode::invalid_input) << text;
    ASSERT_TRUE(found.location) << text;
    EXPECT_EQ(found.location->file, "f.yaml") << text;
    EXPECT_NEAR(found.location->line, line, 1) << text << found.to_string();
    EXPECT_GT(found.location->column, 0) << text;
    EXPECT_THAT(found.message, HasSubstr("malformed YAML: ")) << text;
  }
}

TEST_F(Yaml, WantsOneDocument) {
  EXPECT_EQ(error("a: 1\n---\nb: 2\n").location, (Location{"f.yaml", 3, 1}));
  EXPECT_THAT(error("# empty\n").message, HasSubstr("no document"));
}

TEST_F(Yaml, RefusesInvalidText) {
  const auto at = [](std::string_view text) { return error(text).location->to_string(); };
  EXPECT_EQ(at("a: 1\nb: \xff\n"), "f.yaml:2:4");
  EXPECT_EQ(at("a: \xc3"), "f.yaml:1:5");  // cut off: the rest is missed
  EXPECT_EQ(at("a: \x01\n"), "f.yaml:1:4");
  EXPECT_EQ(at("a:\n\t- b\n"), "f.yaml:2:1");
  EXPECT_EQ(at("a: [http://x?y]\n"), "f.yaml:1:5");
}

TEST_F(Yaml, StopsWithTheSinksError) {
  int seen = 0;
  const auto read =
      parse_yaml_stream("a: 1\n---\nb: 2\n", {}, [&](Result<YamlDocument>&&) -> Result<> {
        ++seen;
        return fail(ErrorCode::cancelled, "enough");
      });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "enough");
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace kai::model
