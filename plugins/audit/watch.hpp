// audit --watch: the report, and then what changes, until it is interrupted.
#pragma once

#include <kai/audit/facts/facts.hpp>
#include <kai/audit/facts/platform.hpp>
#include <kai/audit/rule.hpp>
#include <kai/cli/run.hpp>

#include <memory>
#include <span>

#include "report_output.hpp"
#include "set_aside.hpp"

namespace kai::audit_command {

struct WatchRun {
  std::span<const audit::Rule* const> rules;
  audit::KubeVersion target;
  const audit::Thresholds& thresholds;
  const std::shared_ptr<const model::Profile>& profile;
  const SetAside& aside;
  Format format = Format::table;
};

// Errors: usage for a format that has no lines; those of ClusterWatch::list(); io.
Result<cli::ExitCode> watch(cli::Session& session, const WatchRun& run);

}  // namespace kai::audit_command
