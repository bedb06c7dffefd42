// From steps to what the user sees: the plan asked of the server, shown as text or as a
// document, agreed to and carried out. What every command that writes ends with.
#pragma once

#include <kai/apply/step.hpp>
#include <kai/cli/flags.hpp>
#include <kai/cli/write_plan.hpp>
#include <kai/model/json.hpp>
#include <kai/output/change_text.hpp>
#include <kai/output/impact_text.hpp>
#include <kai/output/style.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::cli {

// How a plan is told.
struct PlanTold {
  std::string kind;  // of the document: "QuotaPlan"
  // Everything above the summary line; `width` 0 never breaks lines.
  std::function<std::string(const apply::ChangeSet&, const output::Palette&, int width)> text;
  std::function<model::Json(const apply::ChangeSet&)> json;  // the document's body
  output::Hidden hidden;
};

// What a plan is told with, besides its changes.
struct PlanContext {
  // A part of the text with a title of its own, between the changes and the impact.
  std::string title;
  std::string section;
  model::Json document = model::Json::object();  // more members of the document
  std::vector<output::Impact> impacts;
  std::vector<std::string> notes;
};

// Changes, the section, "Impact", "Notes"; as a document changes, impacts, notes, pending,
// summary and the context's own members.
PlanTold tell(std::string kind, PlanContext context);

// The flags of an `undo` that deletes objects of ours.
void add_undo_flags(CLI::App& command, WriteOptions& options, Output& output);

// A plan as the server has tried it, before anybody is told.
struct TriedPlan {
  apply::Applier applier;
  apply::Plan plan;
};

// For plans that are told by what the server said of them. Errors: those of Applier::plan().
Result<TriedPlan> try_plan(Session& session, std::vector<apply::Step> steps,
                           const WriteOptions& options);
// Errors: those of write_plan().
Result<ExitCode> write_tried(Session& session, TriedPlan& tried, const PlanTold& told,
                             const WriteOptions& options, Output output,
                             const AfterWrites& after = {});

// Both at once. Errors: those of Applier::plan() and of write_plan().
Result<ExitCode> plan_and_write(Session& session, std::vector<apply::Step> steps,
                                const PlanTold& told, const WriteOptions& options, Output output,
                                const AfterWrites& after = {});

}  // namespace kai::cli
