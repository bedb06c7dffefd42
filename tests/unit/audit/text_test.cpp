#include <gtest/gtest.h>
#include <kai/audit/facts/text.hpp>

#include <string>

namespace kai::audit {
namespace {

using model::Json;

TEST(TextStore, KeepsEqualTextsOnce) {
  TextStore texts;
  const Text a = texts.intern("gpu-a1");
  const Text b = texts.intern(std::string("gpu-") + "a1");
  EXPECT_EQ(a.view().data(), b.view().data());
  EXPECT_EQ(a, std::string_view("gpu-a1"));
  EXPECT_NE(a, texts.intern("gpu-a2"));
}

TEST(TextStore, TheEmptyTextIsTheOneThatWasNeverSet) {
  TextStore texts;
  EXPECT_EQ(texts.intern(""), Text());
  EXPECT_EQ(texts.keep(""), Text());
  EXPECT_TRUE(Text().empty());
  EXPECT_EQ(Text().view(), "");
}

TEST(TextStore, KeptTextsCompareByTheirCharacters) {
  TextStore texts;
  const Text kept = texts.keep("pod-1");
  const Text interned = texts.intern("pod-1");
  EXPECT_NE(kept.view().data(), interned.view().data());
  EXPECT_EQ(kept, interned);
  EXPECT_LT(kept, texts.keep("pod-2"));
}

TEST(TextStore, HoldsTextsLongerThanABlockAndNulBytes) {
  TextStore texts;
  const std::string longer(200'000, 'x');
  const std::string with_nul("a\0b", 3);
  EXPECT_EQ(texts.intern(longer).view(), longer);
  EXPECT_EQ(texts.intern(with_nul).view(), with_nul);
}

TEST(TextStore, TextsStayWhereTheyAreWhileItGrowsAndMoves) {
  TextStore texts;
  std::vector<Text> all;
  for (int i = 0; i < 20'000; ++i) all.push_back(texts.intern("text-" + std::to_string(i)));
  TextStore moved = std::move(texts);
  for (int i = 0; i < 20'000; ++i) {
    const std::string expected = "text-" + std::to_string(i);
    ASSERT_EQ(all[static_cast<std::size_t>(i)].view(), expected);
    ASSERT_EQ(moved.intern(expected).view().data(), all[static_cast<std::size_t>(i)].view().data());
  }
}

TEST(TextStore, KeepsEqualLabelSetsOnce) {
  TextStore texts;
  const Json labels = {{"b", "2"}, {"a", "1"}};
  const Json same = {{"a", "1"}, {"b", "2"}};
  const Json other = {{"a", "1"}, {"b", "3"}};
  const LabelSet* const set = texts.intern_labels(&labels);
  EXPECT_EQ(texts.intern_labels(&same), set);
  EXPECT_NE(texts.intern_labels(&other), set);
  ASSERT_EQ(set->items().size(), 2U);
  EXPECT_EQ(set->items()[0]->key, std::string_view("a"));
  EXPECT_EQ(set->get("b"), "2");
  EXPECT_EQ(set->get("c"), std::nullopt);
  EXPECT_EQ(set->to_map(), (model::Labels{{"a", "1"}, {"b", "2"}}));
}

TEST(TextStore, LabelSetsOfWhatIsNoneAreEmptyAndNeverNull) {
  TextStore texts;
  const Json number = 3;
  const Json untyped = {{"a", 1}, {"b", nullptr}};
  EXPECT_TRUE(texts.intern_labels(nullptr)->empty());
  EXPECT_TRUE(texts.intern_labels(&number)->empty());
  EXPECT_TRUE(texts.intern_labels(&untyped)->empty());
}

TEST(TextStore, LeavesOutWhatItIsTold) {
  TextStore texts;
  const Json first = {{"app", "x"}, {"uid", "1"}};
  const Json second = {{"app", "x"}, {"uid", "2"}};
  const auto leave_out = [](std::string_view key) { return key == "uid"; };
  EXPECT_EQ(texts.intern_labels(&first, leave_out), texts.intern_labels(&second, leave_out));
  EXPECT_FALSE(texts.intern_labels(&first, leave_out)->has("uid"));
}

TEST(TextStore, WeighsLittleMoreThanItsCharacters) {
  TextStore texts;
  std::size_t characters = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string name = "a-pod-with-a-name-of-usual-length-" + std::to_string(i);
    characters += name.size();
    texts.keep(name);
  }
  EXPECT_LT(texts.bytes(), characters + characters / 4 + (1U << 20U));
}

}  // namespace
}  // namespace kai::audit
