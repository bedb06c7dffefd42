#include <gtest/gtest.h>
#include <kai/cli/process.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <istream>
#include <ostream>
#include <string>
#include <thread>

namespace kai::cli {
namespace {

struct Pipe {
  Pipe() {
    if (pipe(ends) != 0) ADD_FAILURE() << "pipe";
  }
  ~Pipe() {
    close_reading();
    close_writing();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void close_reading() { shut(ends[0]); }
  void close_writing() { shut(ends[1]); }
  [[nodiscard]] std::string read_all() const {
    std::string text(1 << 20, '\0');
    std::size_t size = 0;
    for (;;) {
      const ssize_t piece = read(ends[0], text.data() + size, text.size() - size);
      if (piece <= 0) break;
      size += static_cast<std::size_t>(piece);
    }
    text.resize(size);
    return text;
  }
  static void shut(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }

  int ends[2] = {-1, -1};
};

TEST(FdOutput, WritesEverythingInOrder) {
  Pipe pipe;
  std::string text;
  std::string read_back;
  std::thread reader([&] { read_back = pipe.read_all(); });
  {
    FdOutput buffer(pipe.ends[1], FdOutput::Buffering::full, Cancel());
    std::ostream out(&buffer);
    for (int i = 0; i < 20'000; ++i) {
      const std::string line = "line " + std::to_string(i) + "\n";
      text += line;
      out << line;
      out.put('.');
      text += '.';
    }
    EXPECT_TRUE(out.good());
  }
  pipe.close_writing();
  reader.join();
  EXPECT_EQ(read_back, text);
}

TEST(FdOutput, FlushesLinesWhenAsked) {
  Pipe pipe;
  fcntl(pipe.ends[0], F_SETFL, O_NONBLOCK);
  FdOutput buffer(pipe.ends[1], FdOutput::Buffering::line, Cancel());
  std::ostream out(&buffer);
  out << "begun";
  EXPECT_EQ(pipe.read_all(), "");
  out << " and ended\n";
  EXPECT_EQ(pipe.read_all(), "begun and ended\n");
}

TEST(FdOutput, WaitsForASlowReader) {
  Pipe pipe;
  fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK);
  std::string read_back;
  const std::string text(300'000, 'x');
  std::thread reader([&] { read_back = pipe.read_all(); });
  {
    FdOutput buffer(pipe.ends[1], FdOutput::Buffering::full, Cancel());
    std::ostream out(&buffer);
    out << text << std::flush;
    EXPECT_TRUE(out.good());
  }
  pipe.close_writing();
  reader.join();
  EXPECT_EQ(read_back, text);
}

TEST(FdOutput, AsksToStopWhenNobodyReads) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reading();
  const Cancel cancel;
  FdOutput buffer(pipe.ends[1], FdOutput::Buffering::full, cancel);
  std::ostream out(&buffer);
  out << "text" << std::flush;
  EXPECT_TRUE(out.good());  // nobody is there to be told
  EXPECT_EQ(buffer.error(), EPIPE);
  EXPECT_TRUE(cancel.requested());
  EXPECT_EQ(cancel.signal(), SIGPIPE);
  out << std::string(1 << 20, 'x') << std::flush;
  EXPECT_TRUE(out.good());
  std::signal(SIGPIPE, before);
}

TEST(FdOutput, ReportsAFullDisk) {
  const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const Cancel cancel;
  {
    FdOutput buffer(fd, FdOutput::Buffering::full, cancel);
    std::ostream out(&buffer);
    out << "text" << std::flush;
    EXPECT_FALSE(out.good());
    EXPECT_EQ(buffer.error(), ENOSPC);
  }
  EXPECT_FALSE(cancel.requested());
  close(fd);
}

TEST(FdInput, ReadsToTheEnd) {
  Pipe pipe;
  ASSERT_EQ(write(pipe.ends[1], "one\ntwo", 7), 7);
  pipe.close_writing();
  FdInput buffer(pipe.ends[0], Cancel());
  std::istream in(&buffer);
  std::string line;
  EXPECT_TRUE(std::getline(in, line));
  EXPECT_EQ(line, "one");
  EXPECT_TRUE(std::getline(in, line));
  EXPECT_EQ(line, "two");
  EXPECT_FALSE(std::getline(in, line));
  EXPECT_TRUE(in.eof());
  EXPECT_FALSE(in.bad());
}

TEST(FdInput, EndsWhenAskedToStop) {
  Pipe pipe;  // its writing end stays open
  ASSERT_EQ(write(pipe.ends[1], "half a li", 9), 9);
  const Cancel cancel;
  FdInput buffer(pipe.ends[0], cancel);
  std::istream in(&buffer);
  std::thread signal([&cancel] { cancel.request(SIGINT); });
  std::string line;
  EXPECT_FALSE(std::getline(in, line) && !in.eof());
  signal.join();
  EXPECT_TRUE(in.bad());  // so that half a file is not taken for a whole one
}

TEST(SignalsDeathTest, ASecondOneEndsAtOnce) {
  const auto twice = [](int first, int second) {
    const Cancel cancel;
    catch_signals(cancel);
    raise(first);
    if (!cancel.requested() || cancel.signal() != first) _exit(1);
    raise(second);
    _exit(2);
  };
  EXPECT_EXIT(twice(SIGINT, SIGINT), testing::ExitedWithCode(130), "");
  EXPECT_EXIT(twice(SIGTERM, SIGINT), testing::ExitedWithCode(130), "");
}

TEST(SignalsDeathTest, IgnoredOnesStayIgnored) {
  const auto ignored = [] {
    std::signal(SIGHUP, SIG_IGN);
    const Cancel cancel;
    catch_signals(cancel);
    raise(SIGHUP);
    raise(SIGPIPE);
    _exit(cancel.requested() ? 1 : 0);
  };
  EXPECT_EXIT(ignored(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace kai::cli
