#include <gtest/gtest.h>
#include <kai/output/style.hpp>
#include <kai/output/table.hpp>

namespace kai::output {
namespace {

TEST(SafeText, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(safe_text("gpu-a.example.org/x=1 ~"), "gpu-a.example.org/x=1 ~");
  EXPECT_EQ(safe_text("größe 日本語 🚀"), "größe 日本語 🚀");
}

TEST(SafeText, RemovesWholeEscapeSequences) {
  EXPECT_EQ(safe_text("a\x1b[31mred\x1b[0mb"), "a\uFFFDred\uFFFDb");
  EXPECT_EQ(safe_text("a\x1b]0;title\x07z"), "a\uFFFDz");
  EXPECT_EQ(safe_text("a\x1b]8;;http://x\x1b\\link"), "a\uFFFDlink");
  EXPECT_EQ(safe_text("a\xc2\x9b"
                      "31mz"),
            "a\uFFFDz");  // C1 CSI
  EXPECT_EQ(safe_text("a\xc2\x9d"
                      "0;t\xc2\x9cz"),
            "a\uFFFDz");  // C1 OSC and ST
  EXPECT_EQ(safe_text("a\x1bPq#0\x1b\\z"), "a\uFFFDz");
  EXPECT_EQ(safe_text("a\x1b(Bz"), "a\uFFFDz");
  EXPECT_EQ(safe_text("a\x1b"
                      "cz"),
            "a\uFFFDz");
  EXPECT_EQ(safe_text("a\x1b"), "a\uFFFD");
  EXPECT_EQ(safe_text("a\x1b["), "a\uFFFD");
  EXPECT_EQ(safe_text("a\x1b]52;c;never ended"), "a\uFFFD");
  EXPECT_EQ(safe_text("a\x1b]52;c;x\nnext"), "a\uFFFD next");
}

TEST(SafeText, ReplacesControlsAndOverrides) {
  EXPECT_EQ(safe_text("a\nb\tc\rd"), "a b c d");
  EXPECT_EQ(safe_text(std::string_view("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(safe_text("a\bb\x7f"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(safe_text("user\u202Egnp.exe"), "user\uFFFDgnp.exe");
  EXPECT_EQ(safe_text("a\u2066b\u2069c\u200Fd"), "a\uFFFDb\uFFFDc\uFFFDd");
  EXPECT_EQ(safe_text("a\u2028b\u0085c"), "a b c");
  EXPECT_EQ(safe_text("x\U000E0041y"), "x\uFFFDy");
}

TEST(SafeText, ReplacesBrokenUtf8ByteByByte) {
  EXPECT_EQ(safe_text("a\xff"
                      "b"),
            "a\uFFFDb");
  EXPECT_EQ(safe_text("a\xc3"), "a\uFFFD");
  EXPECT_EQ(safe_text("\xe6\x97"), "\uFFFD\uFFFD");
  EXPECT_EQ(safe_text("\xc0\xaf"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(safe_text("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(safe_text("\xc0\x9b"
                      "31m"),
            "\uFFFD\uFFFD31m");  // an overlong CSI
}

TEST(DisplayWidth, CountsCells) {
  EXPECT_EQ(display_width(""), 0);
  EXPECT_EQ(display_width("gpu-a"), 5);
  EXPECT_EQ(display_width("größe"), 5);
  EXPECT_EQ(display_width("gro\u0308ße"), 5);  // a combining mark
  EXPECT_EQ(display_width("日本語"), 6);
  EXPECT_EQ(display_width("한국"), 4);
  EXPECT_EQ(display_width("\u1112\u1161\u11ab"), 2);  // conjoining jamo
  EXPECT_EQ(display_width("ＧＰＵ"), 6);              // full-width letters
  EXPECT_EQ(display_width("ｱｲ"), 2);                  // half-width kana
  EXPECT_EQ(display_width("a\u200Bb"), 2);
}

TEST(DisplayWidth, CountsAnEmojiOnce) {
  EXPECT_EQ(display_width("🚀"), 2);
  EXPECT_EQ(display_width("👍🏽"), 2);            // skin tone
  EXPECT_EQ(display_width("👩‍🔬"), 2);         // joined
  EXPECT_EQ(display_width("👨‍👩‍👧"), 2);  // joined twice
  EXPECT_EQ(display_width("🇩🇪🇫🇷"), 4);                // two flags
  EXPECT_EQ(display_width("❤\uFE0F"), 2);             // text character as emoji
  EXPECT_EQ(display_width("❤"), 1);
  EXPECT_EQ(display_width("█░…"), 3);
}

TEST(Shorten, CutsToCells) {
  EXPECT_EQ(shorten("NVIDIA-A100-SXM4-80GB", 21), "NVIDIA-A100-SXM4-80GB");
  EXPECT_EQ(shorten("NVIDIA-A100-SXM4-80GB", 12), "NVIDIA-A100…");
  EXPECT_EQ(shorten("日本語", 5), "日本…");
  EXPECT_EQ(shorten("日本語", 4), "日…");  // never half a character
  EXPECT_EQ(display_width(shorten("👩‍🔬👩‍🔬👩‍🔬", 5)), 5);
  EXPECT_EQ(shorten("two words", 5), "two…");
  EXPECT_EQ(shorten("abc", 1), "…");
  EXPECT_EQ(shorten("abc", 0), "");
}

TEST(Bar, NeverLies) {
  EXPECT_EQ(bar(0, 4), "░░░░");
  EXPECT_EQ(bar(0.5, 4), "██░░");
  EXPECT_EQ(bar(1, 4), "████");
  EXPECT_EQ(bar(0.01, 4), "█░░░");
  EXPECT_EQ(bar(0.99, 4), "███░");
  EXPECT_EQ(bar(7, 2), "██");
  EXPECT_EQ(bar(-1, 2), "░░");
  EXPECT_EQ(bar(0.0 / 0.0, 2), "░░");
  EXPECT_EQ(bar(0.5, 0), "");
}

TEST(Palette, PaintsOnlyWithColor) {
  EXPECT_EQ(Palette(false).paint(Style::bad, "x"), "x");
  EXPECT_EQ(Palette(true).paint(Style::bad, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(Palette(true).paint(Style::plain, "x"), "x");
  EXPECT_EQ(Palette(true).paint(Style::bad, ""), "");
}

TEST(Table, AlignsByCells) {
  Table table({{"NODE"}, {"GPUS", Align::right}, {"STATE"}});
  table.add_row({"gpu-a", "8", "Ready"});
  table.add_row({"ノード", "16", "NotReady"});
  EXPECT_EQ(table.render(Palette(), 0),
            "NODE     GPUS   STATE\n"
            "gpu-a       8   Ready\n"
            "ノード     16   NotReady\n");
}

TEST(Table, LeavesNoTrailingSpaces) {
  Table table({{"A"}, {"LONG TITLE"}, {"C"}});
  table.add_row({"x", "", ""});
  table.add_row({"", "y", ""});
  table.add_row({"x"});
  EXPECT_EQ(table.render(Palette(), 0),
            "A   LONG TITLE   C\n"
            "x\n"
            "    y\n"
            "x\n");
}

TEST(Table, ShortensOnlyWhatMayShrink) {
  Table table({{"NAME"}, {"MESSAGE", Align::left, Shrink::may}, {"AGE"}});
  table.add_row(
      {"a-very-long-name-that-must-stay", "something happened that takes a while to tell", "5m"});
  const std::string text = table.render(Palette(), 60);
  EXPECT_EQ(text,
            "NAME                              MESSAGE                AGE\n"
            "a-very-long-name-that-must-stay   something happened…    5m\n");
  EXPECT_NE(text.find("a-very-long-name-that-must-stay"), std::string::npos);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_LE(display_width(text.substr(at, end - at)), 60);
    at = end + 1;
  }
  // Names stay whole even where nothing fits.
  EXPECT_NE(table.render(Palette(), 20).find("a-very-long-name-that-must-stay"), std::string::npos);
}

TEST(Table, MakesCellsSafeAndPaintsWithoutPadding) {
  Table table({{"A"}, {"B"}});
  table.add_row({Cell("x\x1b[31m", Style::bad), "y\nz"});
  EXPECT_EQ(table.render(Palette(true), 0),
            "\x1b[1mA\x1b[0m    \x1b[1mB\x1b[0m\n"
            "\x1b[31mx\uFFFD\x1b[0m   y z\n");
}

}  // namespace
}  // namespace kai::output
