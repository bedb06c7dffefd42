// The plugins of this project, in one table, and where their binaries are.
#pragma once

#include <kai/base/context.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kai::cli {

struct PluginEntry {
  std::string_view name;    // "gpu", as in `kubectl ai gpu`
  std::string_view binary;  // "kubectl-ai-gpu"
  std::string_view about;   // one line without a full stop; the plugin's own help begins with it
};

// Every plugin of this version, without the dispatcher itself.
std::span<const PluginEntry> plugins();
// The entry of that name; nullptr when there is none.
const PluginEntry* find_plugin(std::string_view name);

// Where an executable "kubectl-ai-<name>" is: beside this process' own file (symbolic
// links followed), else in $PATH. `name` as the user types it; dashes in it stand for
// underscores in the file's name, as kubectl has it. Never this process' own file.
std::optional<std::string> locate_plugin(std::string_view name, const Environment& env);

// The directory of this process' own file, links followed; empty when unknown.
std::string own_directory();

}  // namespace kai::cli
