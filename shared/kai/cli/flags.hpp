// The flags that commands share: always the same name, meaning and help.
//
// Every target must outlive the parse; commands keep theirs in a shared_ptr that
// their action's closure owns. Nothing here prints: a bad value becomes one clear
// usage error of run().
#pragma once

#include <CLI/CLI.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/kubeconfig.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
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

// Help lists the flags of this group apart.
inline constexpr const char* k_common_group = "Common";

// Adds all of CommonFlags to a plugin's root; run() calls it.
void add_common_flags(CLI::App& root, CommonFlags& flags);

// Each adds one flag that only some commands have.
void add_selector_flag(CLI::App& command, std::string& selector);                // -l
void add_filename_flag(CLI::App& command, std::vector<std::string>& filenames);  // -f
// -o, with the formats this command has; `output` keeps its value as the default.
void add_output_flag(CLI::App& command, Output& output,
                     const std::vector<Output>& formats = {
                         Output::table, Output::wide, Output::json, Output::yaml, Output::name});
void add_yes_flag(CLI::App& command, bool& yes);             // --yes
void add_dry_run_flag(CLI::App& command, DryRunMode& mode);  // --dry-run
// --wait (unless --wait=false) and --timeout. `timeout` keeps its value as the
// default; 0 means no limit.
void add_wait_flags(CLI::App& command, bool& wait, std::chrono::milliseconds& timeout);

// A flag whose value is a duration, read by model::parse_duration().
CLI::Option* add_duration_flag(CLI::App& command, const std::string& names,
                               std::chrono::milliseconds& target, const std::string& about);

// A flag whose value is one of `choices`, which help and completion show as
// "a|b|c". Any other value is a usage error that lists them.
using Choices = std::vector<std::string>;
CLI::Option* add_choice_flag(CLI::App& command, const std::string& names, std::string& target,
                             const Choices& choices, const std::string& about);

template <class T>
CLI::Option* add_choice_flag(CLI::App& command, const std::string& names, T& target,
                             const std::vector<std::pair<std::string, T>>& choices,
                             const std::string& about);

// --- implementation of the templates

namespace detail {
// Throws CLI::ValidationError: "--output must be one of a, b, c; not x".
[[noreturn]] void reject_choice(const std::string& value, const Choices& choices);
CLI::Option* style_choice(CLI::Option* option, const Choices& choices);
}  // namespace detail

template <class T>
CLI::Option* add_choice_flag(CLI::App& command, const std::string& names, T& target,
                             const std::vector<std::pair<std::string, T>>& choices,
                             const std::string& about) {
  Choices words;
  for (const auto& choice : choices) words.push_back(choice.first);
  CLI::Option* option = command.add_option_function<std::string>(
      names,
      [&target, choices, words](const std::string& word) {
        for (const auto& [name, value] : choices) {
          if (name == word) {
            target = value;
            return;
          }
        }
        detail::reject_choice(word, words);
      },
      about);
  return detail::style_choice(option, words);
}

}  // namespace kai::cli
