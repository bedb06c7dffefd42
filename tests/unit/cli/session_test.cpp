#include <gtest/gtest.h>
#include <kai/cli/session.hpp>

#include <sstream>
#include <thread>
#include <vector>

namespace kai::cli {
namespace {

// A session on string streams that claim to be terminals or not.
struct Desk {
  std::istringstream in;
  std::ostringstream out;  // both streams end up on the same "terminal" where a test wants it
  std::ostringstream err;
  CommonFlags flags;
  Screen screen;
  Context context;
  Session session;

  explicit Desk(const std::string& input = {}, bool terminal = true, int width = 80)
      : in(input),
        screen(out, err, terminal ? Redraw::yes : Redraw::no, width),
        context{in, screen.out(), screen.err()},
        session(context, flags, screen, {}) {
    context.in_is_terminal = terminal;
    context.out_terminal.is_terminal = terminal;
    context.err_terminal.is_terminal = terminal;
  }
};

TEST(Confirm, AsksOnATerminal) {
  for (const auto& [input, answer] : std::vector<std::pair<std::string, bool>>{{"y\n", true},
                                                                               {"Y\n", true},
                                                                               {"yes\n", true},
                                                                               {"n\n", false},
                                                                               {"\n", false},
                                                                               {"", false},
                                                                               {"what\ny\n", true},
                                                                               {"y", true}}) {
    Desk desk(input);
    const auto result = desk.session.confirm("Change 2 nodes?", false);
    ASSERT_TRUE(result) << input;
    EXPECT_EQ(*result, answer) << input;
    EXPECT_EQ(desk.err.str().substr(0, 22), "Change 2 nodes? [y/N] ");
    EXPECT_EQ(desk.out.str(), "");
  }
}

TEST(Confirm, DoesNotAskWhenNobodyCanAnswer) {
  Desk piped("n\n", false);
  EXPECT_TRUE(*piped.session.confirm("Really?", false));
  EXPECT_EQ(piped.err.str(), "");
  Desk sure("n\n");
  EXPECT_TRUE(*sure.session.confirm("Really?", true));
  EXPECT_EQ(sure.err.str(), "");
  // Nobody would see the question.
  Desk blind("n\n");
  blind.context.out_terminal.is_terminal = false;
  blind.context.err_terminal.is_terminal = false;
  EXPECT_TRUE(*blind.session.confirm("Really?", false));
}

TEST(Confirm, AsksOnStdoutWhenStderrIsAFile) {
  Desk desk("y\n");
  desk.context.err_terminal.is_terminal = false;
  EXPECT_TRUE(*desk.session.confirm("Really?", false));
  EXPECT_EQ(desk.out.str(), "Really? [y/N] ");
}

TEST(Confirm, EndsOnInterrupt) {
  Desk desk("");
  desk.context.cancel.request(2);
  const auto result = desk.session.confirm("Really?", false);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
}

TEST(Progress, ReplacesItsLineOnATerminal) {
  Desk desk;
  desk.session.progress("gpu-a: waiting");
  desk.session.progress("gpu-b: waiting");
  desk.context.err << "done\n";
  EXPECT_EQ(desk.err.str(), "gpu-a: waiting\r\x1b[Kgpu-b: waiting\r\x1b[Kdone\n");
}

TEST(Progress, GoesAwayBeforeDataOnStdout) {
  Desk desk;
  desk.session.progress("working");
  desk.context.out << "NODE\n"
                   << "gpu-a\n";
  EXPECT_EQ(desk.err.str(), "working\r\x1b[K");
  EXPECT_EQ(desk.out.str(), "NODE\ngpu-a\n");
  desk.screen.clear();
  EXPECT_EQ(desk.err.str(), "working\r\x1b[K");  // nothing left to remove
}

TEST(Progress, FitsIntoOneLine) {
  Desk desk("", true, 10);
  desk.session.progress("a long line\nof two");
  EXPECT_EQ(desk.err.str(), "a long l…");
}

TEST(Progress, IsOneLinePerEventElsewhere) {
  Desk desk("", false, 0);
  desk.session.progress("gpu-a: waiting");
  desk.session.progress("gpu-a: waiting");
  desk.session.progress("gpu-a: ready\x1b[2J");
  EXPECT_EQ(desk.err.str(), "gpu-a: waiting\ngpu-a: ready\uFFFD\n");
}

TEST(Progress, QuietSilencesAllButWarnings) {
  Desk desk("", false, 0);
  desk.flags.quiet = true;
  desk.session.progress("working");
  desk.session.note("nothing to do");
  desk.session.warn("the server is old");
  EXPECT_EQ(desk.err.str(), "warning: the server is old\n");
}

TEST(Progress, MayComeFromManyThreads) {
  Desk desk("", false, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&desk, t] {
      for (int i = 0; i < 100; ++i) {
        desk.session.warn(std::to_string(t) + "-" + std::to_string(i));
        desk.session.progress(std::to_string(t) + "+" + std::to_string(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(desk.err.str());
  int warnings = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("warning: ", 0) == 0) ++warnings;
    EXPECT_LE(line.size(), 15u) << line;  // no line holds two
  }
  EXPECT_EQ(warnings, 400);
}

}  // namespace
}  // namespace kai::cli
