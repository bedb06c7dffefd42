#include "profile_check.hpp"

#include <kai/cli/text_file.hpp>
#include <kai/model/profile.hpp>
#include <kai/output/document.hpp>
#include <kai/output/style.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace kai::ai {

namespace {

struct Remark {
  bool is_error = true;
  model::FieldProblem problem;
};

struct Checked {
  std::string file;
  std::string sections;  // "gpu, 2 namespaces, backup"
  std::vector<Remark> remarks;

  [[nodiscard]] bool is_valid() const {
    return std::none_of(remarks.begin(), remarks.end(),
                        [](const Remark& remark) { return remark.is_error; });
  }
};

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string sections_of(const model::Profile& profile) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (profile.gpu) add("gpu");
  if (!profile.namespaces.empty()) {
    add(counted(profile.namespaces.size(), "namespace", "namespaces"));
  }
  if (!profile.priority_classes.empty()) {
    add(counted(profile.priority_classes.size(), "priority class", "priority classes"));
  }
  if (profile.backup) add("backup");
  if (profile.kubeflow) add("kubeflow");
  if (profile.host) add("host");
  return text.empty() ? "nothing" : text;
}

Checked check(std::string_view text, std::string file) {
  Checked checked;
  checked.file = std::move(file);
  auto reading = model::check_profile(text, checked.file);
  if (!reading) {
    // No YAML at all is a problem of the profile, too.
    const Error& error = reading.error();
    checked.remarks.push_back(
        {true, {error.location.value_or(Location{checked.file, 0, 0}), error.message}});
    return checked;
  }
  for (auto& problem : reading->problems) checked.remarks.push_back({true, std::move(problem)});
  for (auto& warning : reading->warnings) checked.remarks.push_back({false, std::move(warning)});
  std::stable_sort(checked.remarks.begin(), checked.remarks.end(),
                   [](const Remark& a, const Remark& b) {
                     return std::pair(a.problem.location.line, a.problem.location.column) <
                            std::pair(b.problem.location.line, b.problem.location.column);
                   });
  checked.sections = sections_of(reading->profile);
  return checked;
}

std::string text_of(const Checked& checked, const output::Palette& palette) {
  std::string text;
  for (const auto& [is_error, problem] : checked.remarks) {
    text += output::safe_text(problem.location.to_string()) + ": ";
    text += is_error ? palette.paint(output::Style::bad, "error:")
                     : palette.paint(output::Style::warning, "warning:");
    text += " " + output::safe_text(problem.message) + "\n";
  }
  if (checked.is_valid()) {
    text += output::safe_text(checked.file) + ": " + palette.paint(output::Style::good, "valid") +
            ": " + checked.sections + "\n";
  } else {
    const auto errors = std::count_if(checked.remarks.begin(), checked.remarks.end(),
                                      [](const Remark& remark) { return remark.is_error; });
    text += output::safe_text(checked.file) + ": " + palette.paint(output::Style::bad, "invalid") +
            ": " + counted(static_cast<std::size_t>(errors), "error", "errors") + "\n";
  }
  return text;
}

model::Json document(const std::vector<Checked>& files) {
  model::Json list = model::Json::array();
  for (const Checked& checked : files) {
    model::Json problems = model::Json::array();
    for (const auto& [is_error, problem] : checked.remarks) {
      problems.push_back({{"severity", is_error ? "error" : "warning"},
                          {"line", problem.location.line},
                          {"column", problem.location.column},
                          {"message", problem.message}});
    }
    list.push_back(
        {{"file", checked.file}, {"valid", checked.is_valid()}, {"problems", std::move(problems)}});
  }
  return {{"files", std::move(list)}};
}

}  // namespace

Result<cli::ExitCode> check_profiles(cli::Session& session,
                                     const std::vector<std::string>& filenames,
                                     cli::Output format) {
  if (filenames.empty()) {
    return fail(Error(ErrorCode::usage, "no profile given")
                    .with_hint("name it with -f FILE, - for standard input"));
  }
  std::vector<Checked> files;
  for (const std::string& path : filenames) {
    KAI_TRY_ASSIGN(const std::string text, cli::read_text(path, session.context().in));
    files.push_back(check(text, path == "-" ? "<stdin>" : path));
  }
  std::ostream& out = session.context().out;
  if (format == cli::Output::table) {
    for (const Checked& checked : files) out << text_of(checked, session.palette());
  } else {
    out << output::render_document(
        format == cli::Output::json ? output::DocumentFormat::json : output::DocumentFormat::yaml,
        "ProfileCheck", document(files));
  }
  const bool all_valid = std::all_of(files.begin(), files.end(),
                                     [](const Checked& checked) { return checked.is_valid(); });
  return all_valid ? cli::ExitCode::ok : cli::ExitCode::findings;
}

}  // namespace kai::ai
