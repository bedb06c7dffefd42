#include "snapshot_command.hpp"

#include <kai/audit/rules.hpp>
#include <kai/audit/source/live.hpp>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <system_error>

namespace kai::audit_command {
namespace {

namespace fs = std::filesystem;
using audit::SnapshotWriter;
using cli::ExitCode;

struct Options {
  std::string file;
  bool redact = false;
  bool allow_partial = false;
};

Error write_error(const std::string& path) {
  return {ErrorCode::io, path + ": " + std::error_code(errno, std::generic_category()).message()};
}

// Reads everything that any rule looks at.
Result<audit::Evidence> record(cli::Session& session, SnapshotWriter& writer) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  audit::LiveOptions live;
  if (!session.flags().all_namespaces) live.ns = session.flags().connection.ns;
  live.record = &writer;
  if (session.context().err_terminal.is_terminal) {
    live.progress = [&session](std::string_view line) { session.progress(line); };
  }
  return audit::read_cluster(*client, session.context(), audit::all_rules(), live);
}

Result<ExitCode> snapshot(cli::Session& session, const Options& options) {
  const auto redact = options.redact ? SnapshotWriter::Redact::yes : SnapshotWriter::Redact::no;
  const bool to_stdout = options.file == "-";
  if (to_stdout && session.context().out_terminal.is_terminal) {
    return fail(ErrorCode::usage, "a snapshot is compressed: give -o FILE, or pipe it on");
  }
  // A snapshot that fails half-way leaves an earlier one as it was.
  const std::string temporary = options.file + ".new";
  std::ofstream file;
  if (!to_stdout) {
    errno = 0;
    file.open(temporary, std::ios::binary | std::ios::trunc);
    if (!file) return fail(write_error(temporary));
    std::error_code ignored;
    // It says how a cluster is built: for its owner alone, until they decide otherwise.
    fs::permissions(temporary, fs::perms::owner_read | fs::perms::owner_write, ignored);
  }
  SnapshotWriter writer(to_stdout ? session.context().out : file, redact);
  const auto evidence = record(session, writer);
  if (!evidence) {
    if (!to_stdout) std::remove(temporary.c_str());
    return fail(evidence.error());
  }
  if (!to_stdout) {
    errno = 0;
    file.close();
    if (file.fail() || std::rename(temporary.c_str(), options.file.c_str()) != 0) {
      Error error = write_error(options.file);
      std::remove(temporary.c_str());
      return fail(std::move(error));
    }
    session.note("wrote " + std::to_string(writer.objects()) + " objects to " + options.file);
  }
  for (const audit::Gap& gap : evidence->gaps) {
    const std::string kind(gap.kind ? audit::info(*gap.kind).name : "");
    session.warn("not in the snapshot: " + kind + ": " + gap.reason);
  }
  return evidence->gaps.empty() || options.allow_partial ? ExitCode::ok : ExitCode::incomplete;
}

}  // namespace

void define_snapshot(cli::Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      commands.add("snapshot", "Save what an audit reads, to audit it later or elsewhere",
                   [options](cli::Session& session) { return snapshot(session, *options); });
  commands.describe(
      command,
      "Reads what the rules look at, once, and changes nothing. Secrets are never read. The file "
      "is gzip of JSON lines, readable by you alone; kubectl ai audit --snapshot FILE finds in it "
      "what it would have found in the cluster.\n\n"
      "With --redact, the words of names become hashes, the same wherever they occur, except "
      "those that the rules know (kube-system, nvidia); annotations' values, variables of "
      "containers, addresses and arguments outside the control plane are left out.",
      {{"Take one", "kubectl ai audit snapshot -o cluster.snapshot"},
       {"One to give away", "kubectl ai audit snapshot --redact -o cluster.snapshot"},
       {"Review it", "kubectl ai audit --snapshot cluster.snapshot"}});
  commands.offer(command.add_option("-o,--output", options->file, "The file to write; - is stdout")
                     ->required()
                     ->type_name("FILE"),
                 cli::Offer::files);
  command.add_flag("--redact", options->redact, "Write hashes instead of names");
  command.add_flag("--allow-partial", options->allow_partial,
                   "Do not exit 4 because something could not be read");
}

}  // namespace kai::audit_command
