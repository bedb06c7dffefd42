// The process' own streams and signals, for run().
#pragma once

#include <kai/base/cancel.hpp>
#include <kai/base/context.hpp>

#include <array>
#include <streambuf>

namespace kai::cli {

// Writes to a file descriptor. When the reader has gone away (EPIPE) it asks
// `cancel` to stop, with SIGPIPE as the signal, and drops what follows.
class FdOutput final : public std::streambuf {
 public:
  enum class Buffering { full, line };

  FdOutput(int fd, Buffering buffering, Cancel cancel);
  ~FdOutput() override;

  // errno of the first write that failed; 0: none.
  [[nodiscard]] int error() const { return m_error; }

 protected:
  int overflow(int c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  bool drain();

  int m_fd;
  Buffering m_buffering;
  Cancel m_cancel;
  int m_error = 0;
  std::array<char, 64 * 1024> m_buffer;
};

// Reads from a file descriptor until its end, or until `cancel` is requested: then
// the stream goes bad, so that what was read so far is not taken for the whole.
class FdInput final : public std::streambuf {
 public:
  FdInput(int fd, Cancel cancel) : m_fd(fd), m_cancel(std::move(cancel)) {}

 protected:
  int underflow() override;

 private:
  int m_fd;
  Cancel m_cancel;
  std::array<char, 64 * 1024> m_buffer;
};

// What descriptor `fd` is connected to; colour as NO_COLOR and TERM say.
Terminal terminal_of(int fd, const Environment& env);

// From now on SIGINT, SIGTERM and SIGHUP request `cancel`; a second one ends the
// process at once with 130. Signals that the parent told us to ignore stay ignored.
// SIGPIPE is ignored: a lost connection to a server must not end the process.
void catch_signals(const Cancel& cancel);

// Ends as a process does whose output nobody reads any more.
[[noreturn]] void die_of_broken_pipe();

}  // namespace kai::cli
