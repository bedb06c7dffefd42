// Commands: what a plugin's define() fills in. The command line decides which one
// of the actions runs. Not synchronised.
#pragma once

#include <CLI/CLI.hpp>
#include <kai/base/result.hpp>
#include <kai/cli/exit_code.hpp>
#include <kai/cli/session.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kai::cli {

// A command's outcome: the exit code, or an error that run() prints.
using Action = std::function<Result<ExitCode>(Session&)>;

// A line of "Examples:" in a command's help.
struct Example {
  std::string_view comment;  // "Every node on which a GPU was detected"
  std::string_view line;     // "kubectl ai gpu setup --detected"
};

// What the shell may offer for a value that only the user or the cluster knows.
enum class Offer { nothing, files, nodes, namespaces, pods, contexts, clusters, users };

class Commands {
 public:
  explicit Commands(CLI::App& root) : m_root(root) {}

  [[nodiscard]] CLI::App& root() const { return m_root; }
  // A subcommand of the plugin, or of another command (`explain node`). Options of
  // the command must be owned by the action's closure (a shared_ptr), so that they
  // live until it runs. `about` is one line without a full stop.
  CLI::App& add(std::string_view name, std::string_view about, Action action);
  CLI::App& add(CLI::App& parent, std::string_view name, std::string_view about, Action action);
  // A command that only groups others; without one of them its help is shown.
  CLI::App& add_group(std::string_view name, std::string_view about);
  // The action when no subcommand is given (as in `kubectl ai audit`).
  void set_default(Action action);

  // More for the command's help: paragraphs below the first line, and examples.
  void describe(const CLI::App& command, std::string_view text, std::vector<Example> examples = {});
  // What completion offers for a flag's or an argument's value.
  void offer(const CLI::Option* option, Offer what);
  // Takes what stands after "--" (`test NODE -- nvidia-smi -L`); elsewhere that is
  // read as arguments.
  void take_rest(const CLI::App& command, std::vector<std::string>& rest);

  // --- for kai/cli itself
  struct Text {
    std::string description;
    std::vector<Example> examples;
  };
  [[nodiscard]] const Action* action(const CLI::App& command) const;
  [[nodiscard]] const Text& text(const CLI::App& command) const;
  [[nodiscard]] Offer offered(const CLI::Option* option) const;
  [[nodiscard]] std::vector<std::string>* rest(const CLI::App& command) const;

 private:
  CLI::App& m_root;
  std::map<const CLI::App*, Action> m_actions;
  std::map<const CLI::App*, Text> m_texts;
  std::map<const CLI::Option*, Offer> m_offers;
  std::map<const CLI::App*, std::vector<std::string>*> m_rests;
};

}  // namespace kai::cli
