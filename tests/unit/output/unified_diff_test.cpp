#include <gtest/gtest.h>
#include <kai/output/unified_diff.hpp>

namespace kai::output {
namespace {

TEST(UnifiedDiff, OfTheSameTextIsEmpty) {
  EXPECT_EQ(unified_diff("", ""), "");
  EXPECT_EQ(unified_diff("a\nb", "a\nb"), "");
  EXPECT_EQ(file_diff("x", "a\n", "a\n"), "");
}

TEST(UnifiedDiff, ShowsThreeLinesAround) {
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, ChangesFarApartAreHunksOfTheirOwn) {
  std::string before;
  for (int i = 1; i <= 30; ++i) before += std::to_string(i) + "\n";
  std::string after = before;
  after.replace(after.find("2\n"), 1, "two");
  after.insert(after.find("29\n"), "x\n");
  EXPECT_EQ(unified_diff(before, after),
            "@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n"
            "@@ -26,5 +26,6 @@\n 26\n 27\n 28\n+x\n 29\n 30\n");
}

TEST(UnifiedDiff, TheEndsOfTexts) {
  EXPECT_EQ(unified_diff("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("a\n", ""), "@@ -1 +0,0 @@\n-a\n");
  EXPECT_EQ(unified_diff("a", "a\nb"),
            "@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n"
            "\\ No newline at end of file\n");
}

TEST(UnifiedDiff, HasTheFilesNameForPatch) {
  EXPECT_EQ(file_diff("dir/a.yaml", "a\n", "b\n"),
            "--- a/dir/a.yaml\n+++ b/dir/a.yaml\n@@ -1 +1 @@\n-a\n+b\n");
}

TEST(PaintDiff, IsSafeAndIndented) {
  EXPECT_EQ(paint_diff("@@ -1 +1 @@\n-a\n+\x1b[2Jb\n", Palette(false), 2, Ranges::leave_out),
            "  -a\n  +\xEF\xBF\xBD"
            "b\n");
  EXPECT_EQ(paint_diff("@@ -1 +1 @@\n-a\n", Palette(true), 0, Ranges::keep).substr(0, 2), "\x1b[");
}

}  // namespace
}  // namespace kai::output
