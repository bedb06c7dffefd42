// The exit codes of every command; the contract with scripts.
#pragma once

namespace kai::cli {

enum class ExitCode : int {
  ok = 0,
  findings = 1,  // findings, or changes pending
  usage = 2,
  failure = 3,
  incomplete = 4,  // the audit could not see everything
  timed_out = 124,
  interrupted = 130,
};

}  // namespace kai::cli
