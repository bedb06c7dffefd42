#include "dispatch.hpp"

#include "command.hpp"

#include <kai/cli/arguments.hpp>
#include <kai/cli/complete.hpp>
#include <kai/cli/plugins.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace kai::ai {

namespace {

using Words = std::vector<std::string>;

// The first word of words[from, to) that is neither a flag nor a flag's value.
std::optional<std::size_t> first_word(const Words& words, std::size_t from, std::size_t to) {
  CLI::App root;
  cli::CommonFlags flags;
  cli::add_common_flags(root, flags);
  const auto begin = words.begin();
  const auto first = cli::split_words(root, Words(begin + static_cast<std::ptrdiff_t>(from),
                                                  begin + static_cast<std::ptrdiff_t>(to)))
                         .first;
  if (!first) return std::nullopt;
  return from + *first;
}

// A command of the dispatcher itself.
bool is_own(const std::string& word) {
  if (cli::find_plugin(word) != nullptr) return false;
  if (word == "help" || word == "options") return true;
  CLI::App root;
  cli::Commands commands(root);
  plugin().define(commands);
  return cli::find_command(root, word) != nullptr;
}

// Which word names the plugin to run; nullopt when the line is for us.
std::optional<std::size_t> plugin_word(const Words& words) {
  // To complete `kubectl ai gpu se` is for gpu to complete `se`; the last word is no
  // command yet.
  if (!words.empty() && words.front() == cli::k_complete_word) {
    const auto at = first_word(words, 1, words.size() - (words.size() > 1 ? 1 : 0));
    return at && !is_own(words[*at]) ? at : std::nullopt;
  }
  auto at = first_word(words, 0, words.size());
  // `kubectl ai help gpu setup` is `kubectl ai gpu help setup`.
  if (at && words[*at] == "help") at = first_word(words, *at + 1, words.size());
  return at && !is_own(words[*at]) ? at : std::nullopt;
}

// Comes back only when it fails.
int exec(const std::string& path, const Words& words) {
  std::vector<std::string> texts{path};
  texts.insert(texts.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  execv(path.c_str(), arguments.data());
  return cli::report_failure(
      Error(ErrorCode::io, "cannot run " + path + ": " + std::strerror(errno)));
}

int not_installed(const cli::PluginEntry& entry) {
  return cli::report_failure(
      Error(ErrorCode::not_found, std::string(entry.binary) + " is not installed")
          .with_hint("it belongs in " + cli::own_directory() +
                     " or another directory of your PATH"));
}

}  // namespace

int dispatch(int argc, char** argv) {
  Words words(argv + 1, argv + argc);
  if (const auto at = plugin_word(words)) {
    const std::string name = words[*at];
    if (const auto path = cli::locate_plugin(name, process_environment())) {
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(*at));
      return exec(*path, words);
    }
    const cli::PluginEntry* entry = cli::find_plugin(name);
    if (entry != nullptr && words.front() != cli::k_complete_word) return not_installed(*entry);
  }
  return cli::run(argc, argv, plugin());
}

}  // namespace kai::ai
