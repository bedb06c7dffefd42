#include "watch_coverage.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace kai::audit_command {
namespace {

using audit::Following;
using audit::Kind;
using output::Coverage;
using State = Following::State;

bool is_out(const Following& kind) {
  return kind.state == State::lost || kind.state == State::unread;
}

// "Pod", "NetworkPolicy of crd.projectcalico.org".
std::string name_of(Kind kind) {
  const audit::KindInfo& about = audit::info(kind);
  std::string name(about.name);
  if (about.presence == audit::Presence::custom) {
    name += " of " + std::string(model::Resource::group_of(about.api_version));
  }
  return name;
}

std::string names_of(const std::vector<Kind>& kinds) {
  std::string names;
  for (const Kind kind : kinds) names += (names.empty() ? "" : ", ") + name_of(kind);
  return names;
}

// Kinds for which the same is to be said, in one line.
using ByReason = std::map<std::string, std::vector<Kind>>;

void say(const ByReason& kinds, const std::string& what, std::vector<CoverageLine>& lines) {
  for (const auto& [reason, some] : kinds) {
    lines.push_back({Coverage::less, names_of(some) + what + ": " + reason});
  }
}

}  // namespace

WatchCoverage::WatchCoverage(const std::vector<Following>& first) {
  for (const Following& kind : first) {
    if (kind.state == State::unread) m_out.insert(kind.kind);
  }
}

std::vector<CoverageLine> WatchCoverage::update(const std::vector<Following>& now, Time time) {
  std::vector<CoverageLine> lines;
  const Following* lost = nullptr;
  bool heard = false;
  for (const Following& kind : now) {
    if (kind.state == State::lost) lost = &kind;
    heard = heard || kind.state == State::watched || kind.state == State::listed;
  }
  m_blind = !heard && lost != nullptr;
  if (m_blind && !m_server_out) {
    m_server_out = true;
    lines.push_back({Coverage::less, "the API server does not answer: " + lost->reason +
                                         "; what has changed is told when it does"});
  } else if (!m_blind && m_server_out) {
    m_server_out = false;
    lines.push_back({Coverage::more, "the API server answers again"});
  }
  if (m_blind) return lines;

  ByReason silent;
  ByReason unread;
  ByReason listed;
  std::vector<Kind> back;
  for (const Following& kind : now) {
    const bool early = kind.state == State::lost && time - kind.since < k_grace;
    if (is_out(kind) && !early && m_out.insert(kind.kind).second) {
      (kind.state == State::lost ? silent : unread)[kind.reason].push_back(kind.kind);
    } else if (!is_out(kind) && m_out.erase(kind.kind) > 0) {
      back.push_back(kind.kind);
    }
    if (kind.state == State::listed && m_listed.insert(kind.kind).second) {
      listed[kind.reason].push_back(kind.kind);
    }
  }
  say(silent, " cannot be watched for now, and rules that need to are not checked", lines);
  say(unread, " can no longer be read, and rules that need to are not checked", lines);
  say(listed, " can be listed but not watched, and is read again every minute", lines);
  if (!back.empty()) lines.push_back({Coverage::more, names_of(back) + " can be read again"});
  return lines;
}

}  // namespace kai::audit_command
