#include <kai/kube/process.hpp>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>

extern char** environ;

namespace kai::kube {

namespace {

using SteadyClock = std::chrono::steady_clock;

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : m_fd(fd) {}
  ~FileDescriptor() { reset(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  [[nodiscard]] int get() const { return m_fd; }
  [[nodiscard]] bool is_open() const { return m_fd >= 0; }
  void reset(int fd = -1) {
    if (m_fd >= 0) close(m_fd);
    m_fd = fd;
  }

 private:
  int m_fd = -1;
};

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;

  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read.reset(ends[0]);
    write.reset(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
  }
};

bool is_executable_file(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    const std::string_view name = variable.substr(0, variable.find('='));
    const bool replaced = std::any_of(added.begin(), added.end(),
                                      [&](const auto& item) { return item.first == name; });
    if (!replaced) all.emplace_back(variable);
  }
  // The last of several with one name counts, as in Go.
  for (auto item = added.begin(); item != added.end(); ++item) {
    const bool later = std::any_of(item + 1, added.end(),
                                   [&](const auto& other) { return other.first == item->first; });
    if (!later) all.push_back(item->first + "=" + item->second);
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Error start_error(const std::string& command, int reason) {
  return {ErrorCode::io, "cannot run " + command + ": " + std::strerror(reason)};
}

// A started program; killed and reaped when it goes out of scope.
class Child {
 public:
  Child() = default;
  ~Child() {
    if (m_pid > 0) {
      terminate();
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Result<> start(const std::string& program, const ProcessOptions& options, const Pipe& out,
                 const Pipe& err) {
    m_own_group = options.terminal == Terminal::none;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (m_own_group) {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
      posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
      // A group of its own, so that what it started can be ended with it. A program
      // that asks on the terminal must stay in the foreground group instead.
      flags = static_cast<short>(flags | POSIX_SPAWN_SETPGROUP);
      posix_spawnattr_setpgroup(&attributes, 0);
    }
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
      sigaddset(&defaults, signal);
    }
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, flags);

    std::vector<std::string> args{options.command};
    args.insert(args.end(), options.args.begin(), options.args.end());
    std::vector<std::string> env = environment_with(options.env);
    const int failed = posix_spawn(&m_pid, program.c_str(), &actions, &attributes,
                                   pointers_to(args).data(), pointers_to(env).data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0) {
      m_pid = -1;
      return kai::fail(start_error(options.command, failed));
    }
    m_ended.reset(static_cast<int>(syscall(SYS_pidfd_open, m_pid, 0U)));
    return {};
  }

  // Readable once the program has ended; -1 on kernels before 5.3.
  [[nodiscard]] int ended_fd() const { return m_ended.get(); }

  [[nodiscard]] bool has_ended() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(m_pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == m_pid;
  }

  void terminate() const { kill(m_own_group ? -m_pid : m_pid, SIGKILL); }

  int wait() {
    int status = 0;
    while (waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
    }
    m_pid = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t m_pid = -1;
  bool m_own_group = false;
  FileDescriptor m_ended;
};

// Takes what a pipe holds now; closes it at its end.
void drain(FileDescriptor& pipe, std::string& text, std::size_t max) {
  std::array<char, 16384> buffer{};
  while (pipe.is_open()) {
    const ssize_t got = read(pipe.get(), buffer.data(), buffer.size());
    if (got > 0) {
      const std::size_t room = max - std::min(max, text.size());
      text.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      pipe.reset();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

// Hands over the lines of `text` from `shown` on.
void show_lines(const ProcessOptions& options, const std::string& text, std::size_t& shown) {
  if (!options.show) return;
  while (shown < text.size()) {
    const std::size_t end = std::min(text.find('\n', shown), text.size());
    options.show(std::string_view(text).substr(shown, end - shown));
    shown = std::min(end + 1, text.size());
  }
}

}  // namespace

std::optional<std::string> find_program(const std::string& command) {
  if (command.find('/') != std::string::npos) {
    return is_executable_file(command) ? std::optional(command) : std::nullopt;
  }
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): only read
  std::istringstream directories(path == nullptr ? "" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (directory.empty() || directory.front() != '/') continue;
    std::string candidate = directory + "/" + command;
    if (is_executable_file(candidate)) return candidate;
  }
  return std::nullopt;
}

Result<ProcessResult> run_process(const ProcessOptions& options, const Cancel& cancel) {
  const std::optional<std::string> program = find_program(options.command);
  if (!program) {
    return fail(ErrorCode::not_found, options.command.find('/') == std::string::npos
                                          ? "the program " + options.command + " is not in PATH"
                                          : "there is no program " + options.command);
  }
  Pipe out;
  Pipe err;
  if (!out.open() || !err.open()) return fail(start_error(options.command, errno));
  Child child;
  KAI_TRY(child.start(*program, options, out, err));
  out.write.reset();
  err.write.reset();

  ProcessResult result;
  const auto start = SteadyClock::now();
  std::size_t shown = 0;
  while (true) {
    // Its own end counts: what it left running may hold the pipes open for good.
    const bool ended = child.has_ended();
    drain(out.read, result.out, options.max_output);
    drain(err.read, result.err, options.max_output);
    if (ended) break;
    const auto ran = SteadyClock::now() - start;
    if (ran >= options.patience) show_lines(options, result.err, shown);
    if (cancel.requested()) {
      return fail(ErrorCode::cancelled, "interrupted while " + options.command + " ran");
    }
    if (options.time_limit.count() > 0 && ran >= options.time_limit) {
      return fail(
          ErrorCode::timed_out,
          options.command + " did not end within " +
              std::to_string(std::chrono::round<std::chrono::seconds>(options.time_limit).count()) +
              " seconds");
    }
    // Without a pidfd the end is noticed by asking; poll() skips negative descriptors.
    auto wait = std::chrono::milliseconds(child.ended_fd() >= 0 ? 60'000 : 50);
    if (ran < options.patience) {
      wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(options.patience - ran));
    }
    if (options.time_limit.count() > 0) {
      wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(options.time_limit - ran));
    }
    std::array<pollfd, 4> events{{{out.read.get(), POLLIN, 0},
                                  {err.read.get(), POLLIN, 0},
                                  {child.ended_fd(), POLLIN, 0},
                                  {cancel.fd(), POLLIN, 0}}};
    poll(events.data(), events.size(), static_cast<int>(wait.count()));
  }
  result.exit_code = child.wait();
  return result;
}

}  // namespace kai::kube
