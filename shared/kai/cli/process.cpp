#include <kai/cli/exit_code.hpp>
#include <kai/cli/process.hpp>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ios>
#include <new>
#include <system_error>

namespace kai::cli {

FdOutput::FdOutput(int fd, Buffering buffering, Cancel cancel)
    : m_fd(fd), m_buffering(buffering), m_cancel(std::move(cancel)) {
  setp(m_buffer.data(), m_buffer.data() + m_buffer.size());
}

FdOutput::~FdOutput() {
  drain();
}

bool FdOutput::drain() {
  const char* at = pbase();
  while (at < pptr() && m_error == 0) {
    const ssize_t written = write(m_fd, at, static_cast<std::size_t>(pptr() - at));
    if (written >= 0) {
      at += written;
    } else if (errno == EAGAIN) {
      pollfd event{m_fd, POLLOUT, 0};
      poll(&event, 1, -1);
    } else if (errno != EINTR) {
      m_error = errno;
      if (m_error == EPIPE) m_cancel.request(SIGPIPE);
    }
  }
  setp(m_buffer.data(), m_buffer.data() + m_buffer.size());
  // A closed pipe is no failure to report: the text is dropped.
  return m_error == 0 || m_error == EPIPE;
}

int FdOutput::overflow(int c) {
  if (!drain()) return traits_type::eof();
  if (c != traits_type::eof()) {
    *pptr() = traits_type::to_char_type(c);
    pbump(1);
  }
  return traits_type::not_eof(c);
}

std::streamsize FdOutput::xsputn(const char* text, std::streamsize size) {
  std::streamsize done = 0;
  while (done < size) {
    if (pptr() == epptr() && !drain()) return done;
    const std::streamsize piece = std::min<std::streamsize>(size - done, epptr() - pptr());
    std::memcpy(pptr(), text + done, static_cast<std::size_t>(piece));
    pbump(static_cast<int>(piece));
    done += piece;
  }
  if (m_buffering == Buffering::line &&
      std::memchr(text, '\n', static_cast<std::size_t>(size)) != nullptr && !drain()) {
    return 0;
  }
  return done;
}

int FdOutput::sync() {
  return drain() ? 0 : -1;
}

int FdInput::underflow() {
  for (;;) {
    pollfd events[2] = {{m_fd, POLLIN, 0}, {m_cancel.fd(), POLLIN, 0}};
    if (poll(events, 2, -1) < 0 && errno != EINTR) return traits_type::eof();
    // An exception is how a streambuf makes its stream bad.
    if (m_cancel.requested()) {
      throw std::ios_base::failure("interrupted", std::make_error_code(std::errc::interrupted));
    }
    if (events[0].revents == 0) continue;
    const ssize_t size = read(m_fd, m_buffer.data(), m_buffer.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) {
      throw std::ios_base::failure("read", std::error_code(errno, std::generic_category()));
    }
    if (size == 0) return traits_type::eof();
    setg(m_buffer.data(), m_buffer.data(), m_buffer.data() + size);
    return traits_type::to_int_type(m_buffer.front());
  }
}

Terminal terminal_of(int fd, const Environment& env) {
  Terminal terminal;
  terminal.is_terminal = isatty(fd) == 1;
  if (!terminal.is_terminal) return terminal;
  terminal.color = env("NO_COLOR").value_or("").empty() && env("TERM").value_or("dumb") != "dumb";
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0) terminal.width = size.ws_col;
  return terminal;
}

namespace {

// Read by the handler only, which may run at any time: set once, never destroyed.
const Cancel* g_cancel = nullptr;

extern "C" void on_signal(int signal) {
  const int saved = errno;
  if (g_cancel->requested()) _exit(static_cast<int>(ExitCode::interrupted));
  g_cancel->request(signal);
  errno = saved;
}

}  // namespace

void catch_signals(const Cancel& cancel) {
  g_cancel = new Cancel(cancel);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    // nohup, or a shell that started us in the background.
    if (before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
  }
  signal(SIGPIPE, SIG_IGN);
}

void die_of_broken_pipe() {
  signal(SIGPIPE, SIG_DFL);
  raise(SIGPIPE);
  _exit(static_cast<int>(ExitCode::failure));
}

}  // namespace kai::cli
