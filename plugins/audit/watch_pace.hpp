// When an audit that stays looks again: pure over the times that it is given.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace kai::audit_command {

// After changes, once these have calmed down; not all too late if they never do; and every
// minute, as some findings come of age. Looking takes at most about a tenth of the time.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::chrono::seconds k_calm{1};
  static constexpr int k_patience = 5;  // times the calm
  static constexpr std::chrono::seconds k_age{60};

  void changed(Time now) {
    m_last_change = now;
    if (!m_first_change) m_first_change = now;
  }
  void looked(Time now, Duration cost) {
    m_first_change.reset();
    m_looked = now;
    m_calm = std::max<Duration>(k_calm, 10 * cost);
  }
  [[nodiscard]] bool pending() const { return m_first_change.has_value(); }
  [[nodiscard]] bool due(Time now) const {
    if (now - m_looked >= std::max<Duration>(k_age, m_calm)) return true;
    return m_first_change &&
           (now - m_last_change >= m_calm || now - *m_first_change >= k_patience * m_calm);
  }

 private:
  std::optional<Time> m_first_change;  // since it looked
  Time m_last_change;
  Time m_looked;
  Duration m_calm = k_calm;
};

}  // namespace kai::audit_command
