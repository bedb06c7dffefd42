#include <gtest/gtest.h>
#include <kai/output/escape.hpp>

namespace kai::output {
namespace {

TEST(EscapeMarkup, LeavesNoMarkupAndNoControlCharacter) {
  EXPECT_EQ(escape_markup("<b a=\"1\" c='2'>&amp;"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
  EXPECT_EQ(escape_markup("a\x1b[31mb\nc"), "a\uFFFDb c");
  EXPECT_EQ(escape_markup("a\u202Eb\xFF"), "a\uFFFDb\uFFFD");
  // What XML cannot hold at all.
  EXPECT_EQ(escape_markup("\xEF\xBF\xBEx\xEF\xBF\xBF"), "\uFFFDx\uFFFD");
}

TEST(EscapeMarkdown, LeavesNoMarkup) {
  EXPECT_EQ(escape_markdown("a | b"), "a \\| b");
  EXPECT_EQ(escape_markdown("[x](http://e.example)"), "\\[x\\]\\(http\\://e\\.example\\)");
  EXPECT_EQ(escape_markdown("<img src=x>"), "&lt;img src\\=x&gt;");
  EXPECT_EQ(escape_markdown("&lt;"), "&amp;lt;");
  EXPECT_EQ(escape_markdown("one\n# two"), "one \\#<!-- --> two");
  EXPECT_EQ(escape_markdown("@all"), "@<!-- -->all");
  EXPECT_EQ(escape_markdown("größer 8 GiB"), "größer 8 GiB");
}

TEST(MarkdownCode, NoTextEndsIt) {
  EXPECT_EQ(markdown_code(""), "");
  EXPECT_EQ(markdown_code("Pod a/b"), "`Pod a/b`");
  EXPECT_EQ(markdown_code("a`b"), "``a`b``");
  EXPECT_EQ(markdown_code("``"), "``` `` ```");
  EXPECT_EQ(markdown_code("a|b"), "`a\\|b`");
}

TEST(CsvField, IsOneFieldAndNoFormula) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"a\""), "\"say \"\"a\"\"\"");
  EXPECT_EQ(csv_field("two\r\nlines"), "two  lines");
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\uFF1D1", "  =1"}) {
    EXPECT_EQ(csv_field(formula), "'" + std::string(formula)) << formula;
  }
  EXPECT_EQ(csv_field("=A1,\"x\""), "\"'=A1,\"\"x\"\"\"");
  EXPECT_EQ(csv_field("a=b"), "a=b");
}

}  // namespace
}  // namespace kai::output
