// What an audit that stays says about what it can no longer see, and can see again: pure
// over how its kinds are followed.
#pragma once

#include <kai/audit/source/cluster_watch.hpp>
#include <kai/output/report_changes.hpp>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace kai::audit_command {

struct CoverageLine {
  output::Coverage coverage = output::Coverage::less;
  std::string text;

  bool operator==(const CoverageLine&) const = default;
};

class WatchCoverage {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A kind that alone is not answered for may be so again in a moment.
  static constexpr std::chrono::seconds k_grace{30};

  // `first`: what the first report has said already.
  explicit WatchCoverage(const std::vector<audit::Following>& first);

  // What there is to say by now, each thing once.
  std::vector<CoverageLine> update(const std::vector<audit::Following>& now, Time time);

  // Whether nothing is heard of the cluster, so that what is known only gets older.
  [[nodiscard]] bool blind() const { return m_blind; }

 private:
  bool m_blind = false;
  bool m_server_out = false;       // said so
  std::set<audit::Kind> m_out;     // said to be lost or unread
  std::set<audit::Kind> m_listed;  // said to be listed again and again
};

}  // namespace kai::audit_command
