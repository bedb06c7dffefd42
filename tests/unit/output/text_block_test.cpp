#include <gtest/gtest.h>
#include <kai/output/text_block.hpp>

namespace kai::output {
namespace {

using Lines = std::vector<std::string>;

TEST(Wrap, BreaksAtSpaces) {
  EXPECT_EQ(wrap("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap("日本 日本", 5), (Lines{"日本", "日本"}));
  EXPECT_EQ(wrap("unbreakable word", 4), (Lines{"unbreakable", "word"}));
  EXPECT_EQ(wrap("one two three", 0), (Lines{"one two three"}));
  EXPECT_EQ(wrap("", 10), (Lines{""}));
  EXPECT_EQ(wrap("a\x1b[2Jb c\nd", 80), (Lines{"a\uFFFDb c d"}));
}

TEST(WrapHanging, IndentsWhatFollows) {
  EXPECT_EQ(wrap_hanging("one two three four five six", 4, 24), "one two three four\n    five six");
  EXPECT_EQ(wrap_hanging("one two", 4, 0), "one two");
}

}  // namespace
}  // namespace kai::output
