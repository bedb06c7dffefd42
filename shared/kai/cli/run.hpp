// run(): what every plugin's main() calls. Parses the command line, sets up
// signals, streams and colour, calls the chosen command and turns its outcome into
// an exit code. The only place, with kai/output, that touches the process' streams.
//
// A plugin's main.cpp is
//   int main(int argc, char** argv) { return kai::cli::run(argc, argv, kai::gpu::plugin()); }
#pragma once

#include <kai/base/context.hpp>
#include <kai/cli/commands.hpp>
#include <kai/cli/exit_code.hpp>
#include <kai/cli/flags.hpp>
#include <kai/cli/session.hpp>

#include <string_view>

namespace kai::cli {

struct Plugin {
  std::string_view binary;  // "kubectl-ai-gpu"; help shows it as "kubectl ai gpu"
  std::string_view about;   // one line without a full stop
  void (*define)(Commands& commands);
};

// The whole program in the real world.
int run(int argc, const char* const* argv, const Plugin& plugin);
// The same in a world of the caller's, for tests: no signals are caught, and the
// cluster is what `connect` says. Colour follows the context's terminals.
int run(int argc, const char* const* argv, const Plugin& plugin, Context& context,
        const Connect& connect);

// Prints `error` on the process' stderr as run() would and returns its exit code; for
// what happens before run().
int report_failure(const Error& error);

// "0.1.0".
std::string_view version();

}  // namespace kai::cli
