#include <kai/output/escape.hpp>
#include <kai/output/style.hpp>

#include <algorithm>

namespace kai::output {
namespace {

// XML has no way to write these two, escaped or not.
bool is_noncharacter(std::string_view text) {
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
}

}  // namespace

std::string escape_markup(std::string_view text) {
  const std::string safe = safe_text(text);
  std::string out;
  out.reserve(safe.size());
  for (std::size_t at = 0; at < safe.size(); ++at) {
    switch (const char c = safe[at]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (is_noncharacter(std::string_view(safe).substr(at))) {
          out += "\xEF\xBF\xBD";
          at += 2;
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string escape_markdown(std::string_view text) {
  static constexpr std::string_view k_special = "\\`*_{}[]()#+-.!|~$:=^";
  std::string out;
  for (const char c : safe_text(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      // A backslash does not keep a forge from looking for names and numbers behind these.
      case '@': out += "@<!-- -->"; break;
      case '#': out += "\\#<!-- -->"; break;
      default:
        if (k_special.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
  }
  return out;
}

std::string markdown_code(std::string_view text) {
  const std::string safe = safe_text(text);
  if (safe.empty()) return {};
  std::size_t longest = 0;
  std::size_t run = 0;
  std::string body;
  for (const char c : safe) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (c == '|') body += '\\';  // a table looks for these first
    body += c;
  }
  const std::string fence(longest + 1, '`');
  const bool pad = body.front() == '`' || body.back() == '`' || body.front() == ' ';
  return fence + (pad ? " " : "") + body + (pad ? " " : "") + fence;
}

std::string csv_field(std::string_view text) {
  std::string safe = safe_text(text);
  // Spreadsheets step over spaces, and read full-width signs like the others.
  const std::size_t first = safe.find_first_not_of(' ');
  if (first != std::string::npos) {
    const std::string_view rest = std::string_view(safe).substr(first);
    static constexpr std::string_view k_formula[] = {"=",      "+",      "-",      "@",
                                                     "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
    if (std::any_of(std::begin(k_formula), std::end(k_formula),
                    [&](std::string_view sign) { return rest.starts_with(sign); })) {
      safe.insert(0, "'");
    }
  }
  if (safe.find_first_of("\",") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (const char c : safe) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace kai::output
