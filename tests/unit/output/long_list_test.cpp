#include <gtest/gtest.h>
#include <kai/output/long_list.hpp>

#include <sstream>

namespace kai::output {
namespace {

using model::Json;

std::string written(DocumentFormat format, const Json& rest, std::string_view key, int depth,
                    const Json& items) {
  std::ostringstream out;
  LongList list(format, rest, key, depth, out);
  for (const Json& item : items) list.add(item);
  list.finish();
  return out.str();
}

class LongListOf : public testing::TestWithParam<DocumentFormat> {};

TEST_P(LongListOf, IsTheDocumentAsAWhole) {
  const Json items = {{{"a", "x\ny: []"}, {"b", {1, 2}}}, "text", Json::object(), {{"list", "[]"}}};
  // Named before and behind the list, in texts as well.
  Json rest = {{"before", {{"list", Json::array()}, {"text", "\nlist: []\n\"list\": []\n"}}},
               {"list", Json::array()},
               {"zlast", "\nlist: []"}};
  for (std::size_t count = 0; count <= items.size(); ++count) {
    Json some = Json::array();
    for (std::size_t i = 0; i < count; ++i) some.push_back(items[i]);
    Json whole = rest;
    whole["list"] = some;
    EXPECT_EQ(written(GetParam(), rest, "list", 1, some), render_object(GetParam(), whole));
  }
}

TEST_P(LongListOf, MayBeAllThereIs) {
  const Json rest = {{"list", Json::array()}};
  const Json whole = {{"list", {{{"a", 1}}}}};
  EXPECT_EQ(written(GetParam(), rest, "list", 1, whole["list"]), render_object(GetParam(), whole));
}

INSTANTIATE_TEST_SUITE_P(Formats, LongListOf,
                         testing::Values(DocumentFormat::json, DocumentFormat::yaml));

TEST(LongList, StandsDeeperInJson) {
  Json rest = {{"runs", {{{"about", 1}, {"results", Json::array()}}}}};
  Json whole = rest;
  whole["runs"][0]["results"] = {{{"a", 1}}, {{"b", {{"c", {2}}}}}};
  EXPECT_EQ(written(DocumentFormat::json, rest, "results", 3, whole["runs"][0]["results"]),
            render_object(DocumentFormat::json, whole));
}

}  // namespace
}  // namespace kai::output
