// LongList: a document with one list that is too long to be held as a value. Its items are
// written one by one; the text is that of the document as a whole.
#pragma once

#include <kai/output/document.hpp>

#include <iosfwd>
#include <string>
#include <string_view>

namespace kai::output {

class LongList {
 public:
  // `rest` is the document with the list, which is empty and the only member of the name
  // `key` at this depth: 1 for the document's own members. In YAML no other depth will do.
  // `out` must outlive it; writes what stands before the list.
  LongList(DocumentFormat format, const model::Json& rest, std::string_view key, int depth,
           std::ostream& out);

  void add(const model::Json& item);
  // Writes what stands behind it. Nothing may follow.
  void finish();

 private:
  DocumentFormat m_format;
  std::string m_text;      // of the rest
  std::size_t m_list = 0;  // where " []" stands in it
  std::string m_indent;    // of an item
  bool m_empty = true;
  std::ostream& m_out;
};

}  // namespace kai::output
