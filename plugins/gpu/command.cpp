#include "command.hpp"

#include "commands.hpp"

#include <kai/cli/plugins.hpp>

namespace kai::gpu {

namespace {

void define(cli::Commands& commands) {
  add_setup(commands);
  add_undo(commands);
  add_status(commands);
  add_explain(commands);
  add_test(commands);
}

}  // namespace

const cli::Plugin& plugin() {
  static const cli::PluginEntry* entry = cli::find_plugin("gpu");
  static const cli::Plugin k_plugin{entry->binary, entry->about, define};
  return k_plugin;
}

}  // namespace kai::gpu
