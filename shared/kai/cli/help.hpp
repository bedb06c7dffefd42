// Help texts: short, and the same shape for every command. Pure functions.
#pragma once

#include <kai/cli/commands.hpp>
#include <kai/output/style.hpp>

#include <string>

namespace kai::cli {

// What `--help` prints for `command`, at most `width` columns wide (80 if 0).
std::string help_text(const Commands& commands, const CLI::App& command, int width,
                      const output::Palette& palette);
// The flags that every command of this plugin takes.
std::string common_flags_text(const Commands& commands, int width, const output::Palette& palette);

}  // namespace kai::cli
