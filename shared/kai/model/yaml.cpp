#include <kai/model/yaml.hpp>

#include <kai/model/json_parser.hpp>
#include <kai/model/yaml_source.hpp>

#include <algorithm>
#include <utility>

namespace kai::model {
namespace {

constexpr std::string_view k_separator = "---";
constexpr std::string_view k_space = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(k_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_space) - first + 1);
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

int count_lines(std::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

// Cuts a stream at its "---" lines, before any of it is parsed, as kubectl does: so a
// broken document ends where the next one begins.
class Stream {
 public:
  Stream(std::string_view text, const YamlOptions& options, const DocumentSink& sink)
      : m_rest(text), m_options(options), m_sink(sink), m_lines(options.lines_before) {}

  Result<> read() {
    KAI_TRY(read_json());
    while (!m_rest.empty()) KAI_TRY(read_chunk());
    return {};
  }

 private:
  void advance(std::size_t size) {
    m_lines += count_lines(m_rest.substr(0, size));
    m_rest.remove_prefix(size);
  }

  // JSON documents may stand one behind the other at the start. What is no JSON is left
  // to the YAML parser, which knows flow collections.
  Result<> read_json() {
    for (bool first = true;; first = false) {
      const auto start = m_rest.find_first_not_of(k_space);
      if (start == std::string_view::npos && !first) m_rest = {};
      if (start == std::string_view::npos || m_rest[start] != '{') return {};
      JsonReading reading = read_json_document(m_rest.substr(start), start);
      if (!reading.document) return {};
      KAI_TRY(m_sink(*std::move(reading.document)));
      advance(start + reading.size);
    }
  }

  struct JsonReading {
    std::optional<Result<YamlDocument>> document;
    std::size_t size = 0;
  };

  JsonReading read_json_document(std::string_view text, std::size_t start) {
    JsonParser parser(text);
    YamlDocument document;
    JsonReading reading;
    if (m_options.positions == Positions::record || !parser.read_value(document.value, 0) ||
        parser.saw_duplicate_key()) {
      return reading;
    }
    document.location = location_in(m_rest, start);
    document.location.line += m_lines;
    document.location.file = m_options.file;
    reading.document = std::move(document);
    reading.size = parser.offset();
    return reading;
  }

  Result<> read_chunk() {
    // A separator at the start belongs to this chunk's document.
    if (m_rest.starts_with(k_separator)) {
      const std::string_view line = first_line(m_rest);
      const std::string_view behind = trimmed(line.substr(k_separator.size()));
      const std::size_t size = std::min(line.size() + 1, m_rest.size());
      if (!behind.empty() && behind.front() != '#') return refuse_separator(size);
      advance(size);
    }
    const std::size_t size = chunk_size();
    const std::string_view chunk = m_rest.substr(0, size);
    KAI_TRY(read_yaml_chunk(chunk, m_lines, m_options, m_sink));
    advance(size);
    return {};
  }

  // Up to the next line that starts with "---".
  [[nodiscard]] std::size_t chunk_size() const {
    if (m_rest.starts_with(k_separator)) return 0;
    const auto next = m_rest.find("\n---");
    return next == std::string_view::npos ? m_rest.size() : next + 1;
  }

  Result<> refuse_separator(std::size_t line_size) {
    Error error(ErrorCode::invalid_input,
                "only a comment may follow \"---\" on its line, as kubectl has it");
    const auto where = Location{m_options.file, m_lines + 1, 4};
    advance(line_size);
    advance(chunk_size());
    return m_sink(fail(std::move(error).at(where)));
  }

  std::string_view m_rest;
  const YamlOptions& m_options;
  const DocumentSink& m_sink;
  int m_lines;  // that stand before m_rest
};

}  // namespace

Result<> parse_yaml_stream(std::string_view text, const YamlOptions& options,
                           const DocumentSink& sink) {
  if (text.size() > options.limits.max_bytes) {
    return sink(
        fail(Error(ErrorCode::invalid_input,
                   "the text is larger than " + std::to_string(options.limits.max_bytes) + " bytes")
                 .at({options.file, 0, 0})));
  }
  return Stream(text, options, sink).read();
}

Result<YamlDocument> parse_yaml(std::string_view text, const YamlOptions& options) {
  std::optional<YamlDocument> only;
  const DocumentSink keep = [&](Result<YamlDocument>&& document) -> Result<> {
    if (!document) return fail(std::move(document).error());
    if (only) {
      return fail(Error(ErrorCode::invalid_input, "a second document begins here, one is wanted")
                      .at(document->location));
    }
    only = *std::move(document);
    return {};
  };
  KAI_TRY(parse_yaml_stream(text, options, keep));
  if (only) return *std::move(only);
  return fail(
      Error(ErrorCode::invalid_input, "there is no document in it").at({options.file, 0, 0}));
}

}  // namespace kai::model
