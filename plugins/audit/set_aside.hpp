// What an audit sets aside: exceptions and the baseline, from their files to the report.
#pragma once

#include <kai/audit/baseline.hpp>
#include <kai/audit/exceptions.hpp>
#include <kai/cli/commands.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kai::audit_command {

struct SetAsideOptions {
  std::vector<std::string> exceptions;
  std::string baseline;
  std::string write_baseline;
};

class SetAside {
 public:
  // Reads the files, before anything else is done. Errors: not_found, io, invalid_input.
  static Result<SetAside> read(cli::Session& session, const SetAsideOptions& options);
  // Without any files: marks on objects count all the same.
  void apply(audit::Report& report, const audit::Facts& facts, audit::Seconds now) const;
  // Writes the new baseline, if one was asked for. Errors: io.
  Result<> write(cli::Session& session, const audit::Report& report) const;
  // Whoever writes a baseline accepts what is there.
  [[nodiscard]] bool accepts_all() const;

 private:
  SetAsideOptions m_options;
  std::vector<audit::Exception> m_exceptions;
  std::optional<audit::EarlierFindings> m_baseline;
};

void add_set_aside_flags(cli::Commands& commands, SetAsideOptions& options);
// --exceptions and --baseline alone, for another command.
void add_known_findings_flags(cli::Commands& commands, CLI::App& command, SetAsideOptions& options);

}  // namespace kai::audit_command
