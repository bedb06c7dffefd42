// Text that nobody wrote: whatever bytes come, the readers end with a value that can be
// written and read again, or with an error that points into the text. Seeded, and bounded.
#include <gtest/gtest.h>
#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

namespace kai::model {
namespace {

constexpr std::array<std::string_view, 44> k_pieces = {"a: 1\n",
                                                       "- x\n",
                                                       "  b:\n",
                                                       "{",
                                                       "}",
                                                       "[",
                                                       "]",
                                                       ",",
                                                       ": ",
                                                       "? ",
                                                       "- ",
                                                       "\n",
                                                       "\r\n",
                                                       "\t",
                                                       "---\n",
                                                       "...\n",
                                                       "\"",
                                                       "'",
                                                       "|\n",
                                                       ">-\n",
                                                       "&a ",
                                                       "*a",
                                                       "<<: ",
                                                       "!!int ",
                                                       "!!binary ",
                                                       "#",
                                                       "%YAML",
                                                       "\\",
                                                       "\\u00",
                                                       "\\ud83d",
                                                       "\xC3\xA9",
                                                       "\xFF",
                                                       "\xF0\x9F",
                                                       "0x1F",
                                                       "1e999",
                                                       "-",
                                                       R"({"k":[1]})",
                                                       "\xEF\xBB\xBF",
                                                       "null",
                                                       "~",
                                                       "\xE2\x80\xA8",
                                                       "1_0",
                                                       "key: |2\n   text\n",
                                                       "9223372036854775808"};

class Maker {
 public:
  explicit Maker(unsigned seed) : m_random(seed) {}

  std::string text() {
    std::string made;
    const std::size_t count = below(24);
    for (std::size_t i = 0; i < count; ++i) {
      if (below(12) == 0) {
        made += static_cast<char>(below(256));
      } else {
        made += k_pieces[below(k_pieces.size())];
      }
    }
    return made;
  }

 private:
  std::size_t below(std::size_t bound) { return m_random() % bound; }

  std::mt19937 m_random;
};

void expect_error_within(const Error& error, std::string_view text) {
  EXPECT_EQ(error.code, ErrorCode::invalid_input) << text;
  ASSERT_TRUE(error.location) << text;
  const auto breaks = std::count_if(text.begin(), text.end(), [](char c) {
    // Besides its line feeds, libyaml counts carriage returns, and the breaks of Unicode.
    return c == '\n' || c == '\r' || static_cast<unsigned char>(c) >= 0x80;
  });
  EXPECT_GE(error.location->line, 1) << text;
  EXPECT_LE(error.location->line, breaks + 2) << text << error.to_string();
}

void expect_reads_again(const Json& value) {
  const std::string json = to_json(value);
  const auto from_json = parse_json(json);
  ASSERT_TRUE(from_json) << json;
  EXPECT_EQ(*from_json, value) << json;
  const std::string yaml = to_yaml(value);
  const auto from_yaml = parse_yaml(yaml);
  ASSERT_TRUE(from_yaml) << yaml << from_yaml.error().to_string();
  EXPECT_EQ(from_yaml->value, value) << yaml;
}

TEST(TextFuzz, YamlEndsWithAValueOrAnError) {
  int values = 0;
  int errors = 0;
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    const std::string text = Maker(seed).text();
    YamlOptions options;
    options.positions = seed % 2 == 0 ? Positions::record : Positions::skip;
    const auto read =
        parse_yaml_stream(text, options, [&](Result<YamlDocument>&& document) -> Result<> {
          if (document) {
            ++values;
            expect_reads_again(document->value);
          } else {
            ++errors;
            expect_error_within(document.error(), text);
          }
          return {};
        });
    EXPECT_TRUE(read) << text;
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(values, 2'000);
  EXPECT_GT(errors, 2'000);
}

TEST(TextFuzz, JsonEndsWithAValueOrAnError) {
  const std::string whole =
      R"({"a":[1,-2.5e3,"é\n\ud83d\ude00",null,true],"b":{"c":{},"d":[[]]},"e":"x"})";
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = whole;
    for (int change = 0; change < 2; ++change) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    const auto parsed = parse_json(text);
    // nlohmann's parser decides, except that Go and we replace lone surrogates.
    if (text.find("\\u") == std::string::npos) {
      EXPECT_EQ(!!parsed, Json::accept(text)) << text;
    }
    if (parsed) {
      expect_reads_again(*parsed);
    } else {
      expect_error_within(parsed.error(), text);
    }
    if (testing::Test::HasFailure()) FAIL() << "round " << i;
  }
}

// nlohmann's dump() recurses: what is too deep must end before it is a value.
TEST(TextFuzz, DepthIsBoundedInEveryNotation) {
  constexpr std::size_t k_deep = 100'000;
  std::string objects;
  std::string flow;
  std::string dashes;
  for (std::size_t i = 0; i < k_deep; ++i) {
    objects += R"({"a":)";
    flow += "{a: ";
    dashes += "- ";
  }
  for (const std::string& text :
       {objects + "1" + std::string(k_deep, '}'), objects, flow + "1" + std::string(k_deep, '}'),
        dashes + "1\n", std::string(k_deep, '['), "a: " + std::string(k_deep, '[')}) {
    EXPECT_FALSE(parse_json(text)) << text.substr(0, 20);
    const auto document = parse_yaml(text);
    ASSERT_FALSE(document) << text.substr(0, 20);
    EXPECT_TRUE(document.error().location) << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace kai::model
