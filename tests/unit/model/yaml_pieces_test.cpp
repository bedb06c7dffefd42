#include <gtest/gtest.h>
#include <kai/model/yaml.hpp>
#include <kai/model/yaml_pieces.hpp>

#include <algorithm>

namespace kai::model {
namespace {

// What a stream says, with its places, as one text.
void read(std::string_view text, int lines_before, std::string& out) {
  YamlOptions options;
  options.file = "f";
  options.lines_before = lines_before;
  const auto read =
      parse_yaml_stream(text, options, [&](Result<YamlDocument>&& document) -> Result<> {
        out += document ? document->location.to_string() + " " + document->value.dump()
                        : document.error().to_string();
        out += "\n";
        return {};
      });
  EXPECT_TRUE(read);
}

std::string in_pieces(std::string_view text, std::size_t wanted) {
  std::string out;
  int lines = 0;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, piece_size(text, wanted));
    read(piece, lines, out);
    lines += static_cast<int>(std::count(piece.begin(), piece.end(), '\n'));
    text.remove_prefix(piece.size());
  }
  return out;
}

TEST(YamlPieces, SayWhatTheWholeSays) {
  for (const std::string_view text : {
           "a: 1\n---\nb: 2\n---\nc: 3\n",
           "---\n---\n\n---\na: 1\n",
           "# first\na: 1\n--- # comment\nb: [1,\n---\nc: 3\n--- refused\nd: 4\n---\ne: 5",
           "a: 1\na: 2\n---\nb: 1\nc: 3\nb: 2\n",
           "{\"a\": 1}\n---\nb: 2\n---\nc: 3\n",
           "{\"a\": 1} {\"b\": 2}\n---\nc: {\n",
           "a: |\n  text\n---\nb: &x 1\nc: *x\n---\nd: *x\n",
           "a: 1\n...\nb: 2\n---\nc: 3\n",
           "a: '\n---\nb: 2\n---\n'\n",
           "a: 1\r\n---\r\nb: 2\r\n",
           "\n\n---a\n",
       }) {
    std::string whole;
    read(text, 0, whole);
    for (const std::size_t wanted : {std::size_t{1}, std::size_t{7}, std::size_t{20}}) {
      EXPECT_EQ(in_pieces(text, wanted), whole) << text << " by " << wanted;
    }
  }
}

TEST(YamlPieces, AreNoSmallerThanWanted) {
  EXPECT_EQ(piece_size("a: 1\n---\nb: 2\n", 1), 5U);
  EXPECT_EQ(piece_size("a: 1\n---\nb: 2\n", 6), 14U);
  EXPECT_EQ(piece_size("a: 1\n---\nb: 2\n", 100), 14U);
  EXPECT_EQ(piece_size("", 1), 0U);
}

}  // namespace
}  // namespace kai::model
