// Threshold: from when on a rule finds something, where teams differ in patience.
//
// A rule declares its thresholds beside its other texts; a file of settings
// (audit/settings.hpp) may give them other values, and rules ask the Facts for theirs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace kai::audit {

struct Threshold {
  enum class Unit : std::uint8_t { seconds, percent };

  std::string_view name;  // in the file, below the rule's id: "patience"
  Unit unit;
  std::int64_t standard;     // unless the file says otherwise
  std::string_view meaning;  // "a pod may wait this long"

  // "5m", "90%".
  [[nodiscard]] std::string text(std::int64_t value) const;
};

// The values that differ from the standard ones.
class Thresholds {
 public:
  void set(const Threshold& threshold, std::int64_t value) { m_values[&threshold] = value; }
  [[nodiscard]] std::int64_t of(const Threshold& threshold) const {
    const auto found = m_values.find(&threshold);
    return found == m_values.end() ? threshold.standard : found->second;
  }

 private:
  std::map<const Threshold*, std::int64_t> m_values;  // of rules, which are constants
};

}  // namespace kai::audit
