#include <kai/output/long_list.hpp>

#include <ostream>

namespace kai::output {
namespace {

constexpr std::string_view k_none = " []";

}  // namespace

LongList::LongList(DocumentFormat format, const model::Json& rest, std::string_view key, int depth,
                   std::ostream& out)
    : m_format(format), m_text(render_object(format, rest)), m_out(out) {
  const bool json = format == DocumentFormat::json;
  const std::string margin(json ? 2 * static_cast<std::size_t>(depth) : 0, ' ');
  m_indent = json ? margin + "  " : "";
  // Nothing else looks like this: no string of JSON holds a line break, and lines of YAML's
  // are indented.
  const std::string quote = json ? "\"" : "";
  std::string head = "\n" + margin;
  head.append(quote).append(key).append(quote).append(":");
  m_list = ("\n" + m_text).find(head + std::string(k_none)) + head.size() - 1;
  m_out << std::string_view(m_text).substr(0, m_list);
}

void LongList::add(const model::Json& item) {
  const bool json = m_format == DocumentFormat::json;
  std::string text;
  if (json) {
    text = (m_empty ? " [\n" : ",\n") + m_indent;
    const std::string entry = render_object(m_format, item);
    for (const char c : std::string_view(entry).substr(0, entry.size() - 1)) {
      text += c;
      if (c == '\n') text += m_indent;
    }
  } else {
    // A list of one item, in the layout of lists.
    if (m_empty) text = "\n";
    text += render_object(m_format, model::Json::array({item}));
  }
  m_empty = false;
  m_out << text;
}

void LongList::finish() {
  std::string_view rest = std::string_view(m_text).substr(m_list + k_none.size());
  if (m_empty) {
    m_out << k_none;
  } else if (m_format == DocumentFormat::json) {
    m_out << "\n" << std::string_view(m_indent).substr(2) << "]";
  } else {
    rest.remove_prefix(1);  // the line break, which items bring
  }
  m_out << rest;
}

}  // namespace kai::output
