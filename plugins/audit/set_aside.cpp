#include "set_aside.hpp"

#include <kai/cli/text_file.hpp>

#include <utility>

namespace kai::audit_command {

Result<SetAside> SetAside::read(cli::Session& session, const SetAsideOptions& options) {
  SetAside aside;
  aside.m_options = options;
  for (const std::string& path : options.exceptions) {
    KAI_TRY_ASSIGN(const std::string text, cli::read_text(path, session.context().in));
    KAI_TRY_ASSIGN(const auto exceptions, audit::parse_exceptions(text, path));
    aside.m_exceptions.insert(aside.m_exceptions.end(), exceptions.begin(), exceptions.end());
  }
  if (!options.baseline.empty()) {
    auto text = cli::read_text(options.baseline, session.context().in);
    if (!text) {
      Error error = std::move(text).error();
      if (error.code == ErrorCode::not_found) {
        error.hint = "--write-baseline " + options.baseline + " writes one";
      }
      return fail(std::move(error));
    }
    KAI_TRY_ASSIGN(aside.m_baseline, audit::parse_earlier_findings(*text, options.baseline));
  }
  return aside;
}

void SetAside::apply(audit::Report& report, const audit::Facts& facts, audit::Seconds now) const {
  audit::apply_exceptions(report, m_exceptions, facts, now);
  if (m_baseline) audit::apply_baseline(report, *m_baseline);
}

Result<> SetAside::write(cli::Session& session, const audit::Report& report) const {
  if (m_options.write_baseline.empty()) return {};
  const auto* const before = m_baseline ? &*m_baseline : nullptr;
  KAI_TRY(cli::write_text(m_options.write_baseline, audit::baseline_of(report, before)));
  session.note("wrote the baseline " + m_options.write_baseline);
  return {};
}

bool SetAside::accepts_all() const {
  return !m_options.write_baseline.empty() && !m_baseline;
}

void add_known_findings_flags(cli::Commands& commands, CLI::App& command,
                              SetAsideOptions& options) {
  commands.offer(command
                     .add_option("--exceptions", options.exceptions,
                                 "Findings to live with: a file of rules, scopes, reasons and "
                                 "end dates")
                     ->type_name("FILE"),
                 cli::Offer::files);
  commands.offer(command
                     .add_option("--baseline", options.baseline,
                                 "Findings that are known: only new ones count. A baseline, or "
                                 "an earlier report")
                     ->type_name("FILE"),
                 cli::Offer::files);
}

void add_set_aside_flags(cli::Commands& commands, SetAsideOptions& options) {
  CLI::App& root = commands.root();
  add_known_findings_flags(commands, root, options);
  commands.offer(root.add_option("--write-baseline", options.write_baseline,
                                 "Write what is found to FILE, and do not fail because of it")
                     ->type_name("FILE"),
                 cli::Offer::files);
}

}  // namespace kai::audit_command
