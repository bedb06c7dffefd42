// What kubectl ai audit fix does with a report: in a cluster, and in files.
#pragma once

#include <kai/audit/fix.hpp>
#include <kai/audit/rule.hpp>
#include <kai/cli/write_plan.hpp>

#include <span>
#include <string>
#include <vector>

#include "set_aside.hpp"

namespace kai::audit_command {

struct FixOptions {
  std::vector<std::string> filenames;
  std::vector<std::string> select;
  std::vector<std::string> skip;
  std::string config;
  audit::Thresholds thresholds;  // what `config` says
  bool allow_partial = false;
  SetAsideOptions set_aside;
  cli::WriteOptions write;
  cli::Output output = cli::Output::table;
};

// Patches objects of the cluster: each one read again, tried as the server's dry run, and
// written only as the version that it was made for.
Result<cli::ExitCode> fix_cluster(cli::Session& session, const FixOptions& options,
                                  std::span<const audit::Rule* const> rules, const SetAside& aside);

// Rewrites the lines concerned in the files; what came by standard input goes to stdout.
Result<cli::ExitCode> fix_files(cli::Session& session, const FixOptions& options,
                                std::span<const audit::Rule* const> rules, const SetAside& aside);

// Whether --select names the rule itself.
audit::IsNamed named_in(const std::vector<std::string>& select);

// What a run that went well comes to: something that could not be seen outweighs what was
// asked for and could not be done. Says what was not seen.
cli::ExitCode fix_exit_code(cli::Session& session, cli::ExitCode code, const audit::Report& report,
                            const std::vector<audit::LeftOut>& left, const FixOptions& options);

}  // namespace kai::audit_command
