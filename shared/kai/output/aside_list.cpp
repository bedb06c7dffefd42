#include <kai/output/aside_list.hpp>

namespace kai::output {

std::size_t count_aside(const audit::Report& report) {
  return report.excepted.size() + (report.baseline ? report.baseline->known.size() : 0);
}

void each_aside(const audit::Report& report,
                const std::function<void(const audit::Finding&, const Aside&)>& tell) {
  for (const audit::Excepted& excepted : report.excepted) {
    tell(excepted.finding, {"excepted", "until " + excepted.until + ": " + excepted.reason,
                            excepted.given, excepted.by == audit::ExceptionBy::mark});
  }
  if (!report.baseline) return;
  const Aside known{"known", "in the baseline " + report.baseline->file, report.baseline->file};
  for (const audit::Finding& finding : report.baseline->known) tell(finding, known);
}

}  // namespace kai::output
