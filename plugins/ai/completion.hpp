// Completion scripts for shells, generated from the plugin table. They hold no
// knowledge of commands: each asks the binary's hidden __complete command.
#pragma once

#include <string>
#include <string_view>

namespace kai::ai {

// The script for "bash", "zsh" or "fish"; for "kubectl" the program that kubectl itself
// runs to complete `kubectl ai …`.
std::string completion_script(std::string_view shell);

}  // namespace kai::ai
