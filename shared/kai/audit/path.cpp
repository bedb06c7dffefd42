#include <kai/audit/path.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

std::string unescape(std::string_view step) {
  std::string text;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] == '~' && i + 1 < step.size()) {
      text += step[++i] == '1' ? '/' : '~';
    } else {
      text += step[i];
    }
  }
  return text;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_plain(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

}  // namespace

FieldPath FieldPath::from_pointer(std::string_view pointer) {
  FieldPath path;
  path.m_pointer = pointer;
  return path;
}

FieldPath FieldPath::operator/(std::string_view key) const {
  FieldPath path = *this;
  path.m_pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      path.m_pointer += "~0";
    } else if (c == '/') {
      path.m_pointer += "~1";
    } else {
      path.m_pointer += c;
    }
  }
  return path;
}

FieldPath FieldPath::operator/(std::size_t index) const {
  return *this / std::to_string(index);
}

FieldPath FieldPath::operator/(const FieldPath& rest) const {
  return from_pointer(m_pointer + rest.m_pointer);
}

std::string FieldPath::to_string() const {
  std::string text;
  std::string_view rest = m_pointer;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string step = unescape(rest.substr(0, end));
    rest.remove_prefix(end);
    const bool index = std::all_of(step.begin(), step.end(), is_digit);
    if (step.empty() || index || !std::all_of(step.begin(), step.end(), is_plain)) {
      text += '[' + step + ']';
    } else {
      if (!text.empty()) text += '.';
      text += step;
    }
  }
  return text;
}

FieldPath FieldPath::parent() const {
  const std::size_t slash = m_pointer.rfind('/');
  return slash == std::string::npos ? FieldPath()
                                    : from_pointer(std::string_view(m_pointer).substr(0, slash));
}

}  // namespace kai::audit
