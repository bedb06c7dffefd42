#include "command.hpp"

#include "commands.hpp"

#include <kai/cli/plugins.hpp>

namespace kai::policy {

namespace {

void define(cli::Commands& commands) {
  add_apply(commands);
  add_undo(commands);
  add_status(commands);
  add_fix(commands);
  add_test(commands);
  add_whocan(commands);
  add_access(commands);
}

}  // namespace

const cli::Plugin& plugin() {
  static const cli::PluginEntry* entry = cli::find_plugin("policy");
  static const cli::Plugin k_plugin{entry->binary, entry->about, define};
  return k_plugin;
}

}  // namespace kai::policy
