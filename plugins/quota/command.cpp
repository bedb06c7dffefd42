#include "command.hpp"

#include "commands.hpp"

#include <kai/cli/plugins.hpp>

namespace kai::quota {

namespace {

void define(cli::Commands& commands) {
  add_apply(commands);
  add_undo(commands);
  add_status(commands);
}

}  // namespace

const cli::Plugin& plugin() {
  static const cli::PluginEntry* entry = cli::find_plugin("quota");
  static const cli::Plugin k_plugin{entry->binary, entry->about, define};
  return k_plugin;
}

}  // namespace kai::quota
