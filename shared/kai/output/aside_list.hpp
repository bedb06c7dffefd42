// What a report has and does not count, one by one, for the formats that tell of it.
#pragma once

#include <kai/audit/report.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace kai::output {

struct Aside {
  std::string_view state;  // "excepted", "known"
  std::string reason;      // "until 2027-03-31: the reason", "in known.yaml"
  std::string given;       // where it says so: "exceptions.yaml:4:3", "known.yaml"
  bool in_source = false;  // beside the object itself, and not in a file of its own
};

std::size_t count_aside(const audit::Report& report);

// Exceptions first, then what the baseline knows; each in the report's order.
void each_aside(const audit::Report& report,
                const std::function<void(const audit::Finding& finding, const Aside& why)>& tell);

}  // namespace kai::output
