#include <kai/model/json_parser.hpp>
#include <kai/model/utf8.hpp>
#include <kai/model/yaml_builder.hpp>
#include <kai/model/yaml_events.hpp>
#include <kai/model/yaml_source.hpp>

#include <algorithm>
#include <optional>

namespace kai::model {
namespace {

Error parser_error(const yaml_parser_t& parser, std::string_view text, int lines_before,
                   const YamlOptions& options) {
  std::string message = "malformed YAML: ";
  message += parser.problem != nullptr ? parser.problem : "out of memory";
  Location where{options.file, 0, 0};
  if (parser.error == YAML_READER_ERROR) {
    where = location_in(text, std::min(parser.problem_offset, text.size()));
    where.file = options.file;
  } else {
    where.line = static_cast<int>(parser.problem_mark.line) + 1;
    where.column = static_cast<int>(parser.problem_mark.column) + 1;
    if (parser.context != nullptr) {
      message += std::string(" ") + parser.context;
      if (parser.context_mark.line != parser.problem_mark.line) {
        message += " that begins on line " +
                   std::to_string(static_cast<int>(parser.context_mark.line) + 1 + lines_before);
      }
    }
  }
  where.line += lines_before;
  return Error(ErrorCode::invalid_input, message).at(std::move(where));
}

// The text as it was written, by libyaml's marks, which count characters. They may only
// grow from call to call.
class WrittenText {
 public:
  explicit WrittenText(std::string_view text) : m_text(text) {
    constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(k_byte_order_mark)) m_text.remove_prefix(k_byte_order_mark.size());
  }

  [[nodiscard]] bool has(std::string_view part) const {
    return m_text.find(part) != std::string_view::npos;
  }

  std::string_view between(const yaml_mark_t& start, const yaml_mark_t& end) {
    const std::size_t first = offset(start.index);
    return m_text.substr(first, offset(end.index) - first);
  }

 private:
  std::size_t offset(std::size_t character) {
    while (m_character < character && m_offset < m_text.size()) {
      m_offset += std::max<std::size_t>(utf8_size(m_text.substr(m_offset)), 1);
      ++m_character;
    }
    return m_offset;
  }

  std::string_view m_text;
  std::size_t m_offset = 0;
  std::size_t m_character = 0;
};

bool has_escaped_slash(std::string_view quoted) {
  for (std::size_t i = 0; i + 1 < quoted.size(); ++i) {
    if (quoted[i] != '\\') continue;
    if (quoted[i + 1] == '/') return true;
    ++i;
  }
  return false;
}

// Feeds one event to the builder; false when that refuses it.
class Feeder {
 public:
  Feeder(YamlBuilder& builder, int lines_before, WrittenText& written)
      : m_builder(builder),
        m_lines(lines_before),
        m_written(written),
        m_look_for_slashes(written.has("\\/")) {}

  Result<> feed(const yaml_event_t& event) {
    const YamlMark mark{static_cast<int>(event.start_mark.line) + 1 + m_lines,
                        static_cast<int>(event.start_mark.column) + 1};
    switch (event.type) {
      case YAML_SCALAR_EVENT: return scalar(event, mark);
      case YAML_ALIAS_EVENT:
        return outcome(m_builder.alias(text_of(event.data.alias.anchor), mark));
      case YAML_MAPPING_START_EVENT:
        if (m_flow > 0 || event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE) ++m_flow;
        return outcome(m_builder.map_start(text_of(event.data.mapping_start.anchor), mark));
      case YAML_SEQUENCE_START_EVENT:
        if (m_flow > 0 || event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE) ++m_flow;
        return outcome(m_builder.sequence_start(text_of(event.data.sequence_start.anchor), mark));
      case YAML_MAPPING_END_EVENT:
        if (m_flow > 0) --m_flow;
        return outcome(m_builder.map_end());
      case YAML_SEQUENCE_END_EVENT:
        if (m_flow > 0) --m_flow;
        return outcome(m_builder.sequence_end());
      default: return {};
    }
  }

 private:
  Result<> outcome(bool taken) {
    if (taken) return {};
    return fail(m_builder.error());
  }

  Result<> scalar(const yaml_event_t& event, YamlMark mark) {
    const auto& scalar = event.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    // libyaml has come to take "?" for a part of plain text here; kubectl's reader has not.
    if (m_flow > 0 && scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        text.find('?') != std::string_view::npos) {
      return outcome(m_builder.refuse(
          mark, "malformed YAML: \"?\" in a flow collection; put the text in quotes"));
    }
    // Of JSON's escapes YAML 1.1, and so kubectl, lacks this one.
    if (m_look_for_slashes && scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE &&
        has_escaped_slash(m_written.between(event.start_mark, event.end_mark))) {
      return outcome(m_builder.refuse(
          mark, R"(malformed YAML: found unknown escape character "\/" in a quoted scalar)"));
    }
    const auto style = scalar.plain_implicit != 0 ? YamlStyle::plain : YamlStyle::quoted;
    return outcome(
        m_builder.scalar(text, style, text_of(scalar.tag), text_of(scalar.anchor), mark));
  }

  YamlBuilder& m_builder;
  int m_lines;
  WrittenText& m_written;
  bool m_look_for_slashes;
  int m_flow = 0;  // open collections, from the outermost that is written in brackets
};

}  // namespace

Result<> read_yaml_chunk(std::string_view text, int lines_before, const YamlOptions& options,
                         const DocumentSink& sink) {
  YamlParser parser(text);
  WrittenText written(text);
  std::optional<YamlBuilder> builder;
  std::optional<Feeder> feeder;
  while (true) {
    YamlEvent holder;
    yaml_event_t& event = holder.get();
    if (!parser.next(event)) {
      return sink(fail(parser_error(parser.state(), text, lines_before, options)));
    }
    switch (event.type) {
      case YAML_STREAM_END_EVENT: return {};
      case YAML_DOCUMENT_START_EVENT:
        builder.emplace(options);
        feeder.emplace(*builder, lines_before, written);
        break;
      case YAML_DOCUMENT_END_EVENT: KAI_TRY(sink(builder->take())); break;
      default:
        if (!feeder) break;
        if (auto fed = feeder->feed(event); !fed) return sink(fail(std::move(fed).error()));
    }
  }
}

}  // namespace kai::model
