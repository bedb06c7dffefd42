#include <kai/base/error.hpp>

namespace kai {

std::string Location::to_string() const {
  std::string text = file;
  if (line > 0) {
    text += (text.empty() ? "line " : ":") + std::to_string(line);
    if (column > 0) text += ":" + std::to_string(column);
  }
  return text;
}

Error Error::while_doing(std::string what) && {
  doing.push_back(std::move(what));
  return std::move(*this);
}

Error Error::with_hint(std::string text) && {
  hint = std::move(text);
  return std::move(*this);
}

Error Error::at(Location where) && {
  location = std::move(where);
  return std::move(*this);
}

std::string Error::to_string() const {
  std::string text;
  if (location) text += location->to_string() + ": ";
  text += message;
  for (const std::string& what : doing) text += " (while " + what + ")";
  return text;
}

int exit_code(const Error& error) {
  switch (error.code) {
    case ErrorCode::usage: return 2;
    case ErrorCode::timed_out: return 124;
    case ErrorCode::cancelled: return 130;
    default: return 3;
  }
}

}  // namespace kai
