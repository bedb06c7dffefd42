#include <kai/model/yaml_events.hpp>

#include <algorithm>
#include <cstring>

namespace kai::model {

YamlParser::YamlParser(std::string_view text)
    : m_text(text),
      m_wants_break(!text.empty() && text.back() != '\n'),
      m_ready(yaml_parser_initialize(&m_parser) != 0) {
  if (m_ready) yaml_parser_set_input(&m_parser, &YamlParser::read, this);
}

YamlParser::~YamlParser() {
  if (m_ready) yaml_parser_delete(&m_parser);
}

int YamlParser::read(void* data, unsigned char* buffer, std::size_t size, std::size_t* size_read) {
  auto* const self = static_cast<YamlParser*>(data);
  const std::size_t count = std::min(size, self->m_text.size() - self->m_at);
  std::memcpy(buffer, self->m_text.data() + self->m_at, count);
  self->m_at += count;
  *size_read = count;
  if (count < size && self->m_wants_break) {
    buffer[count] = '\n';
    ++*size_read;
    self->m_wants_break = false;
  }
  return 1;
}

}  // namespace kai::model
