#include "watch.hpp"

#include <kai/audit/changes.hpp>
#include <kai/audit/engine.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/source/cluster_watch.hpp>
#include <kai/audit/source/live.hpp>
#include <kai/output/document.hpp>
#include <kai/output/report_changes.hpp>
#include <kai/output/report_json.hpp>

#include <chrono>
#include <ostream>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include "watch_coverage.hpp"
#include "watch_pace.hpp"

namespace kai::audit_command {
namespace {

using audit::Report;
using cli::ExitCode;
using SteadyClock = std::chrono::steady_clock;

// How often it looks whether there is something to do.
constexpr std::chrono::milliseconds k_tick{250};

std::string counted(int count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what);
}

// Passes JSON on in one line: no string in it holds a line break.
class OneLine final : public std::streambuf {
 public:
  explicit OneLine(std::ostream& out) : m_out(out) {}

 protected:
  int overflow(int c) override {
    if (c == traits_type::eof()) return traits_type::not_eof(c);
    if (c == '\n') {
      m_indent = true;
    } else if (c != ' ' || !m_indent) {
      m_indent = false;
      m_out.put(static_cast<char>(c));
    }
    return c;
  }

 private:
  std::ostream& m_out;
  bool m_indent = false;
};

// Writes what happens, in one of the two formats, and each batch at once.
class Teller {
 public:
  Teller(cli::Session& session, Format format)
      : m_out(session.context().out),
        m_json(format == Format::json),
        m_options{session.palette(), session.context().out_terminal.width} {}

  void report(cli::Session& session, const Report& report, Format format) {
    if (m_json) {
      OneLine line(m_out);
      std::ostream out(&line);
      output::write_report(report, output::DocumentFormat::json, out);
      m_out << "\n";
    } else {
      print_report(session, report, format, {});
    }
  }

  void fresh(const std::string& time, const audit::KnownFinding& finding) {
    if (m_json) return json(output::fresh_to_json(time, finding));
    m_out << output::render_fresh(time, finding, m_options);
  }
  void gone(const std::string& time, const audit::KnownFinding& finding) {
    if (m_json) return json(output::gone_to_json(time, finding));
    m_out << output::render_gone(time, finding, m_options);
  }
  void standing(const std::string& time, const audit::Standing& standing) {
    if (m_json) return json(output::standing_to_json(time, standing, "summary"));
    m_out << output::render_standing(time, standing, "", m_options);
  }
  void coverage(const std::string& time, const CoverageLine& line) {
    if (m_json) return json(output::coverage_to_json(time, line.coverage, line.text));
    m_out << output::render_coverage(time, line.coverage, line.text, m_options);
  }
  void end(const std::string& time, const audit::Standing& standing, const std::string& more) {
    if (m_json) return json(output::standing_to_json(time, standing, "end"));
    m_out << output::render_standing(time, standing, more, m_options);
  }

  // False when nobody can be told any more.
  bool flush() { return static_cast<bool>(m_out.flush()); }

 private:
  void json(const model::Json& json) { m_out << output::compact_json(json) << "\n"; }

  std::ostream& m_out;
  bool m_json;
  output::ChangeOptions m_options;
};

class Watch {
 public:
  Watch(cli::Session& session, kube::Client& client, const WatchRun& run)
      : m_session(session),
        m_run(run),
        m_cluster(client, session.context(), run.rules, options(session, run)),
        m_teller(session, run.format) {}

  Result<ExitCode> stay() {
    KAI_TRY(m_cluster.list());
    {
      const Report report = judge();
      m_log.update(report);
      m_teller.report(m_session, report, m_run.format);
      m_teller.flush();
      KAI_TRY(m_run.aside.write(m_session, report));
    }
    m_told = m_log.standing();
    const audit::Seconds begin = audit::now_of(m_session.context());
    WatchCoverage coverage(m_cluster.following());
    m_cluster.follow();
    progress();
    // Whatever ends this ends the threads of the cluster's watches, too.
    const Cancel& cancel = m_session.context().cancel;
    while (!cancel.wait_for(k_tick)) {
      const auto now = SteadyClock::now();
      if (!tell_coverage(coverage, now) || !tell_changes(coverage, now)) {
        cancel.request();
        return ExitCode::failure;
      }
      progress();
    }
    // What has happened up to now is told, but not what cancelling has done to the watches.
    if (!coverage.blind() && see_changes(SteadyClock::now())) tell_difference();
    const auto age = audit::now_of(m_session.context()) - begin;
    m_teller.end(time(), m_log.standing(),
                 "watched for " + audit::format_age(age) + ", " + counted(m_fresh, "new") + ", " +
                     counted(m_gone, "gone") +
                     (coverage.blind() ? ", the API server did not answer at the end" : ""));
    m_teller.flush();
    return ExitCode::interrupted;
  }

 private:
  static audit::ClusterWatchOptions options(cli::Session& session, const WatchRun& run) {
    audit::ClusterWatchOptions options;
    if (!session.flags().all_namespaces) options.ns = session.flags().connection.ns;
    options.target = run.target;
    options.thresholds = run.thresholds;
    options.profile = run.profile;
    if (session.context().err_terminal.is_terminal) {
      options.progress = [&session](std::string_view line) { session.progress(line); };
    }
    return options;
  }

  [[nodiscard]] std::string time() const {
    return audit::format_time(audit::now_of(m_session.context()));
  }

  Report judge() {
    const auto begin = SteadyClock::now();
    m_seen = m_cluster.changes();
    const audit::Evidence evidence = m_cluster.evidence();
    Report report = audit::run_rules(evidence.facts, m_run.rules, evidence.gaps);
    m_run.aside.apply(report, evidence.facts, evidence.facts.now);
    const auto end = SteadyClock::now();
    m_pace.looked(end, end - begin);
    return report;
  }

  bool see_changes(SteadyClock::time_point now) {
    if (m_cluster.changes() != m_noticed) {
      m_noticed = m_cluster.changes();
      if (m_noticed != m_seen) m_pace.changed(now);
    }
    return m_pace.pending();
  }

  bool tell_coverage(WatchCoverage& coverage, SteadyClock::time_point now) {
    const auto lines = coverage.update(m_cluster.following(), now);
    if (lines.empty()) return true;
    const std::string at = time();
    for (const CoverageLine& line : lines) m_teller.coverage(at, line);
    m_shown.clear();
    return m_teller.flush();
  }

  bool tell_changes(const WatchCoverage& coverage, SteadyClock::time_point now) {
    see_changes(now);
    // What nobody hears of only gets older, and could come of age wrongly.
    if (coverage.blind() || !m_pace.due(now)) return true;
    return tell_difference();
  }

  // True unless nobody can be told.
  bool tell_difference() {
    const audit::ReportDiff diff = m_log.update(judge());
    const std::string at = time();
    for (const audit::KnownFinding& finding : diff.fresh) m_teller.fresh(at, finding);
    for (const audit::KnownFinding& finding : diff.gone) m_teller.gone(at, finding);
    m_fresh += static_cast<int>(diff.fresh.size());
    m_gone += static_cast<int>(diff.gone.size());
    // A grade of less than before was told is none to compare with.
    const bool waiting = !diff.unjudged.empty();
    const bool changed = !waiting && !m_log.standing().same(m_told);
    if (changed) {
      m_told = m_log.standing();
      m_teller.standing(at, m_told);
    }
    if (diff.fresh.empty() && diff.gone.empty() && !changed) return true;
    m_shown.clear();
    return m_teller.flush();
  }

  // One line for people who wait for something to happen.
  void progress() {
    if (!m_session.context().err_terminal.is_terminal) return;
    const std::size_t objects = m_cluster.objects();
    std::string line = "watching " + std::to_string(objects) +
                       (objects == 1 ? " object" : " objects") + "; Ctrl-C ends it";
    if (line == m_shown) return;
    m_shown = std::move(line);
    m_session.progress(m_shown);
  }

  cli::Session& m_session;
  const WatchRun& m_run;
  audit::ClusterWatch m_cluster;
  Teller m_teller;
  audit::ChangeLog m_log;
  Pace m_pace;
  audit::Standing m_told;
  std::uint64_t m_seen = 0;     // changes that were judged
  std::uint64_t m_noticed = 0;  // changes that were noticed
  std::string m_shown;
  int m_fresh = 0;
  int m_gone = 0;
};

}  // namespace

Result<ExitCode> watch(cli::Session& session, const WatchRun& run) {
  if (run.format != Format::table && run.format != Format::wide && run.format != Format::json) {
    return fail(Error(ErrorCode::usage,
                      "--watch tells changes line by line, which only the formats "
                      "table, wide and json can")
                    .with_hint("leave --watch out for a report in another format"));
  }
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  return Watch(session, *client, run).stay();
}

}  // namespace kai::audit_command
