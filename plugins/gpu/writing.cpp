#include "writing.hpp"

#include <kai/cli/plan_steps.hpp>

#include <utility>

namespace kai::gpu {

Result<cli::ExitCode> plan_and_write(cli::Session& session, WriteInput input,
                                     const WriteOptions& options, const AfterWrites& after) {
  const PlanReport report{{}, std::move(input.impacts), std::move(input.notes)};
  cli::PlanTold told;
  told.kind = "GPUPlan";
  told.hidden = hidden_fields();
  told.text = [&report](const apply::ChangeSet& set, const output::Palette& palette, int width) {
    return plan_text({set, report.impacts, report.notes}, palette, width);
  };
  told.json = [&report](const apply::ChangeSet& set) {
    return plan_json({set, report.impacts, report.notes});
  };
  cli::WriteOptions write = options;
  write.way_back = ", or undo to take them back";
  return cli::plan_and_write(session, std::move(input.steps), told, write, options.output, after);
}

}  // namespace kai::gpu
