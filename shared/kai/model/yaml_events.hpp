// libyaml's parser and its events, owned.
//
// Internal to the layer; the only header that includes libyaml's. Not synchronised.
#pragma once

#include <yaml.h>

#include <cstddef>
#include <string_view>

namespace kai::model {

// Reads `text`, which must outlive it. A last line without its line break gets one.
class YamlParser {
 public:
  explicit YamlParser(std::string_view text);
  ~YamlParser();
  YamlParser(const YamlParser&) = delete;
  YamlParser& operator=(const YamlParser&) = delete;

  // False when the text is malformed (state() says how) or memory ran out.
  bool next(yaml_event_t& event) { return m_ready && yaml_parser_parse(&m_parser, &event) != 0; }
  [[nodiscard]] const yaml_parser_t& state() const { return m_parser; }

 private:
  static int read(void* data, unsigned char* buffer, std::size_t size, std::size_t* size_read);

  std::string_view m_text;
  std::size_t m_at = 0;
  bool m_wants_break;
  yaml_parser_t m_parser{};
  bool m_ready;
};

// An event, deleted when it has been used.
class YamlEvent {
 public:
  YamlEvent() = default;
  ~YamlEvent() { yaml_event_delete(&m_event); }
  YamlEvent(const YamlEvent&) = delete;
  YamlEvent& operator=(const YamlEvent&) = delete;
  yaml_event_t& get() { return m_event; }

 private:
  yaml_event_t m_event{};
};

// Empty for a null pointer.
inline std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

}  // namespace kai::model
