// kubectl ai policy fix: what to change in workloads, so that a Pod Security level lets them in.
#include "commands.hpp"
#include "fix_plan.hpp"
#include "state.hpp"

#include <kai/audit/facts/pod_levels.hpp>
#include <kai/cli/write_plan.hpp>
#include <kai/output/change_text.hpp>
#include <kai/output/document.hpp>
#include <kai/output/escape.hpp>
#include <kai/output/text_block.hpp>

#include <memory>
#include <ostream>
#include <utility>

namespace kai::policy {

namespace {

using cli::ExitCode;
using cli::Output;
using model::Json;

struct FixOptions {
  std::string level = "restricted";
  Output output = Output::table;
};

std::string line_of(const BrokenControl& control) {
  return control.control + ": " + control.path + " is " +
         (control.value.empty() ? "\"\"" : control.value);
}

// "spec.template.spec.securityContext: {"runAsNonRoot":true}"
std::string line_of(const Json& step) {
  return audit::FieldPath::from_pointer(model::string_at(step, {"path"})).to_string() + ": " +
         model::to_json(*model::find_path(step, {"value"}));
}

std::string text_of(const WorkloadFix& fix, const std::string& level,
                    const output::Palette& palette, int width) {
  const auto line = [width](const std::string& text) {
    return "  " + output::wrap_hanging(text, 4, width) + "\n";
  };
  std::string text = palette.paint(output::Style::bold, output::safe_text(fix.object.to_string())) +
                     "  breaks " + std::to_string(fix.broken.size()) + " of " + level + "\n";
  if (!fix.patch.empty()) text += "  set\n";
  for (const Json& step : fix.patch) {
    if (model::string_at(step, {"op"}) == "test") continue;
    text += "    " + output::safe_text(line_of(step)) + "\n";
  }
  if (!fix.left.empty()) {
    text += std::string("  ") +
            palette.paint(output::Style::warning,
                          fix.patch.empty() ? "no patch settles" : "this leaves") +
            "\n";
  }
  for (const BrokenControl& control : fix.left) {
    text += "    " + output::wrap_hanging(line_of(control), 6, width) + "\n";
  }
  if (!fix.note.empty()) text += line(fix.note);
  // In one piece, to be copied.
  if (const std::string command = fix.command(); !command.empty()) {
    text += "  " + output::safe_text(command) + "\n";
  }
  return text;
}

Json controls_json(const std::vector<BrokenControl>& controls) {
  Json list = Json::array();
  for (const BrokenControl& control : controls) {
    list.push_back(
        {{"control", control.control}, {"path", control.path}, {"observed", control.value}});
  }
  return list;
}

Json json_of(const std::vector<WorkloadFix>& fixes, const std::string& level,
             const std::vector<std::string>& not_read) {
  Json items = Json::array();
  for (const WorkloadFix& fix : fixes) {
    Json item{{"object", output::ref_json(fix.object)},
              {"broken", controls_json(fix.broken)},
              {"left", controls_json(fix.left)}};
    if (!fix.patch.empty()) item["patch"] = fix.patch;
    if (!fix.note.empty()) item["note"] = fix.note;
    if (const std::string command = fix.command(); !command.empty()) item["command"] = command;
    items.push_back(std::move(item));
  }
  return {{"level", level}, {"items", std::move(items)}, {"notRead", not_read}};
}

Result<ExitCode> run_fix(cli::Session& session, const FixOptions& options) {
  KAI_TRY_ASSIGN(const std::string ns, session.ns());
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  cli::say_busy(session, "reading pods and what makes them");
  std::vector<std::string> not_read;
  KAI_TRY_ASSIGN(std::vector<model::Resource> objects, read_workloads(*client, ns, not_read));
  if (ns.empty()) {
    std::erase_if(objects, [](const model::Resource& object) {
      return audit::is_infrastructure_namespace(object.ns());
    });
  }
  const std::vector<WorkloadFix> fixes = fixes_for(objects, options.level);
  Context& context = session.context();
  if (options.output == Output::table) {
    for (const WorkloadFix& fix : fixes) {
      context.out << (&fix == &fixes.front() ? "" : "\n")
                  << text_of(fix, options.level, session.palette(), context.out_terminal.width);
    }
    if (fixes.empty()) {
      context.out << "Nothing to fix: " << options.level << " lets in what runs "
                  << (ns.empty() ? "outside of infrastructure" : "in " + ns) << "\n";
    }
  } else {
    context.out << output::render_document(options.output == Output::json
                                               ? output::DocumentFormat::json
                                               : output::DocumentFormat::yaml,
                                           "PolicyFix", json_of(fixes, options.level, not_read));
  }
  context.out << std::flush;
  for (const std::string& what : not_read) session.warn("not read: " + what);
  if (!fixes.empty()) return ExitCode::findings;
  return not_read.empty() ? ExitCode::ok : ExitCode::incomplete;
}

}  // namespace

void add_fix(cli::Commands& commands) {
  const auto options = std::make_shared<FixOptions>();
  CLI::App& fix = commands.add(
      "fix", "Show what to change in workloads for a Pod Security level; writes nothing",
      [options](cli::Session& session) { return run_fix(session, *options); });
  cli::add_choice_flag(fix, "--level", options->level, {"baseline", "restricted"},
                       "The level that shall let them in")
      ->capture_default_str();
  cli::add_output_flag(fix, options->output, {Output::table, Output::json, Output::yaml});
  commands.describe(
      fix,
      "Prints for each workload the fields to set, what no patch can settle (a hostPath volume, "
      "say), and a kubectl command that sets the fields. Exit code 0: all would be let in; 1: "
      "some would not; 4: not everything could be read.",
      {{"Before a namespace is restricted", "kubectl ai policy fix -n team"},
       {"The patches alone",
        "kubectl ai policy fix -n team -o json | jq -r '.items[].command // empty'"}});
}

}  // namespace kai::policy
