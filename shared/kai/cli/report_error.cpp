#include <kai/cli/report_error.hpp>

#include <string_view>
#include <vector>

namespace kai::cli {

namespace {

// Messages of the server may have several lines; each is made safe on its own.
std::vector<std::string> safe_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line = output::safe_text(text.substr(0, end));
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string error_text(const Error& error, int verbosity, const output::Palette& palette) {
  using output::Style;
  std::string message = error.message;
  if (message.empty()) {
    message = error.code == ErrorCode::cancelled ? "interrupted" : "something failed";
  }
  if (error.location) message = error.location->to_string() + ": " + message;

  std::string text;
  for (const std::string& line : safe_lines(message)) {
    text += (text.empty() ? palette.paint(Style::bad, "error:") + " " : "  ") + line + "\n";
  }
  for (const Cause& cause : error.causes) {
    // The server's message often repeats the field.
    const bool named = cause.field.empty() || cause.message.find(cause.field) != std::string::npos;
    for (const std::string& line :
         safe_lines(named ? cause.message : cause.field + ": " + cause.message)) {
      text += "  " + line + "\n";
    }
  }
  for (const std::string& what : error.doing) {
    text += "  while " + output::safe_text(what) + "\n";
  }
  if (verbosity > 0 && error.http_status != 0) {
    text += "  the server answered " + std::to_string(error.http_status);
    if (!error.reason.empty()) text += " " + output::safe_text(error.reason);
    text += "\n";
  }
  for (const std::string& line : safe_lines(error.hint)) {
    text += "  " + palette.paint(Style::accent, "hint:") + " " + line + "\n";
  }
  return text;
}

}  // namespace kai::cli
