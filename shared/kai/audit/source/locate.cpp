#include <kai/audit/source/locate.hpp>

#include <kai/base/workers.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <optional>

namespace kai::audit {
namespace {

// A document larger than this is not read a second time for the lines of its fields.
constexpr std::size_t k_limit = std::size_t{16} << 20U;
// Documents that are worth a thread.
constexpr std::size_t k_share = 16;

// The nearest place that is known: of the field, or of what contains it.
std::optional<Location> place_of(const model::PositionMap& positions, FieldPath path) {
  while (true) {
    const auto found = positions.find(path.pointer());
    if (found != positions.end()) return found->second;
    if (path.empty()) return std::nullopt;
    path = path.parent();
  }
}

void locate_in(const std::string& file, std::string_view text, FoundIn& document) {
  model::PositionMap positions;
  model::YamlOptions yaml;
  yaml.positions = model::Positions::record;
  if (text.size() <= k_limit) {
    if (auto parsed = model::parse_yaml(text, yaml)) positions = std::move(parsed->positions);
  }
  for (Sought& field : document.fields) {
    FieldPath path = field.path;
    if (field.item >= 0) {
      path = FieldPath() / "items" / static_cast<std::size_t>(field.item) / path;
    }
    Location where{file, document.line, 0};
    if (const auto place = place_of(positions, path)) {
      where.line = place->line + document.line - 1;
      where.column = place->column;
    }
    field.found = std::move(where);
  }
}

}  // namespace

std::string_view DocumentCursor::document_at(int line) {
  for (; m_line < line; ++m_line) {
    const std::size_t newline = m_text.find('\n', m_begin);
    if (newline == std::string_view::npos) return {};
    m_begin = newline + 1;
  }
  const std::string_view text = m_text.substr(m_begin);
  std::string_view document = text.substr(0, text.find("\n---"));
  document = document.substr(0, document.find("\n..."));
  // With its last line break.
  return text.substr(0, std::min(document.size() + 1, text.size()));
}

void locate_fields(const std::string& path, std::string_view text, std::vector<FoundIn>& documents,
                   std::size_t most_threads) {
  DocumentCursor cursor(text);
  std::vector<std::string_view> parts;
  parts.reserve(documents.size());
  for (const FoundIn& document : documents) parts.push_back(cursor.document_at(document.line));
  share_work(documents.size(), std::min(most_threads, documents.size() / k_share),
             [&](std::size_t at) { locate_in(path, parts[at], documents[at]); });
}

}  // namespace kai::audit
