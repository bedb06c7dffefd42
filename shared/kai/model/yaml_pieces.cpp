#include <kai/model/yaml_pieces.hpp>

namespace kai::model {

std::size_t piece_size(std::string_view text, std::size_t wanted) {
  const std::size_t start = text.find_first_not_of(" \t\r\n\v\f");
  const bool json = start != std::string_view::npos && text[start] == '{';
  if (json || text.size() <= wanted) return text.size();
  const std::size_t next = text.find("\n---", wanted);
  return next == std::string_view::npos ? text.size() : next + 1;
}

}  // namespace kai::model
