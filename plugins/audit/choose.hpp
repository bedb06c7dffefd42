// Which rules an audit runs, and by which thresholds: --select, --skip and --config.
#pragma once

#include <kai/audit/rule.hpp>
#include <kai/audit/threshold.hpp>
#include <kai/base/result.hpp>
#include <kai/cli/commands.hpp>

#include <string>
#include <vector>

namespace kai::audit_command {

// Errors: usage, with the nearest id.
Result<const audit::Rule*> rule_named(const std::string& id);

// Whether there is a profile to compare with.
enum class WithProfile { no, yes };

// The rules that one of the words in `select` names (without any: all of them), and none
// in `skip`; sorted by id. What compares with a profile is left out without one. A word is a
// rule's id, a category ("gpu-nodes"), or a severity ("error"); several stand in one with
// commas between them. Errors: usage.
Result<std::vector<const audit::Rule*>> choose_rules(const std::vector<std::string>& select,
                                                     const std::vector<std::string>& skip,
                                                     WithProfile with_profile = WithProfile::no);

void add_config_flag(cli::Commands& commands, CLI::App& command, std::string& path);
// What the file says; without one, nothing. Errors: not_found, io, invalid_input.
Result<audit::Thresholds> read_thresholds(cli::Session& session, const std::string& path);

}  // namespace kai::audit_command
