// run(): what every plugin's main() calls. Parses the command line, sets up
// signals, streams and colour, calls the chosen command and turns its outcome into
// an exit code. The only place, with kai/output, that touches the process' streams.
#pragma once

#include <CLI/CLI.hpp>
#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/cli/exit_code.hpp>
#include <kai/kube/client.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kai::cli {

enum class ColorMode { automatic, always, never };
enum class Output { table, wide, json, yaml, name };
enum class DryRunMode { none, client, server };

// The flags that every plugin has, with kubectl's names and meanings.
struct CommonFlags {
  kube::ConnectionFlags connection;
  bool all_namespaces = false;
  ColorMode color = ColorMode::automatic;
  int verbosity = 0;
  bool quiet = false;
};

// Flags that only some commands have; each function adds one, always with the same
// name, help and meaning.
void add_selector_flag(CLI::App& command, std::string& selector);                 // -l
void add_filename_flag(CLI::App& command, std::vector<std::string>& filenames);   // -f
void add_output_flag(CLI::App& command, Output& output);                          // -o
void add_yes_flag(CLI::App& command, bool& yes);                                  // --yes
void add_dry_run_flag(CLI::App& command, DryRunMode& mode);                       // --dry-run
void add_wait_flags(CLI::App& command, bool& wait, std::chrono::milliseconds& timeout);
// Durations as kubectl takes them: "90s", "1m30s", "2h", or plain seconds.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// What a command may use while it runs.
class Session {
 public:
  Session(Context& context, const CommonFlags& flags);
  ~Session();

  [[nodiscard]] Context& context() { return m_context; }
  [[nodiscard]] const CommonFlags& flags() const { return m_flags; }
  // Connects on first use.
  Result<kube::Client*> client();
  // The namespace to work in: -n, else the context's, else "default"; empty with -A.
  Result<std::string> ns();

  // One line about what happens, on stderr, unless --quiet: replaced in place on a
  // terminal, one line per call elsewhere. Ends when something else is printed.
  void progress(std::string_view line);
  // A warning on stderr: "warning: …".
  void warn(std::string_view text);
  // Asks on the terminal; `yes` or input that is no terminal answers for the user.
  // Errors: cancelled.
  Result<bool> confirm(std::string_view question, bool yes);

 private:
  struct State;
  Context& m_context;
  const CommonFlags& m_flags;
  std::unique_ptr<State> m_state;
};

// A command's outcome: the exit code, or an error that run() prints.
using Action = std::function<Result<ExitCode>(Session&)>;

// Collects what define() sets up; the subcommand that is parsed decides which
// action runs.
class Commands {
 public:
  explicit Commands(CLI::App& app) : m_app(app) {}

  [[nodiscard]] CLI::App& app() { return m_app; }
  // A subcommand of the plugin. `options` of the command must be owned by the
  // action's closure (a shared_ptr), so that they live until it runs.
  CLI::App& add(std::string_view name, std::string_view about, Action action);
  // The action when no subcommand is given (as in `kubectl ai audit`).
  void set_default(Action action);

 private:
  friend int run(int, const char* const*, const struct Plugin&, Context&);
  CLI::App& m_app;
  std::vector<std::pair<CLI::App*, Action>> m_actions;
  Action m_default;
};

struct Plugin {
  std::string_view binary;  // "kubectl-ai-gpu"
  std::string_view about;   // one line
  void (*define)(Commands& commands);
};

// The whole program. The first form makes the real context.
int run(int argc, const char* const* argv, const Plugin& plugin);
int run(int argc, const char* const* argv, const Plugin& plugin, Context& context);

}  // namespace kai::cli
