// Finding lines: where in a file findings stand. A file is read a second time for this, and
// of it only the documents with findings, one at a time to each thread.
#pragma once

#include <kai/audit/finding.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// Walks down a text once, for documents that come in order.
class DocumentCursor {
 public:
  explicit DocumentCursor(std::string_view text) : m_text(text) {}

  // The text of the document whose first node stands on `line` (from 1), from the start of
  // that line; a part of the whole text. "---" and "..." at the start of a line end a document
  // wherever they stand (YAML 1.2, 9.1.2). Empty when the text has fewer lines.
  std::string_view document_at(int line);

 private:
  std::string_view m_text;
  std::size_t m_begin = 0;
  int m_line = 1;
};

// A field of which the place is wanted.
struct Sought {
  FieldPath path;
  std::int32_t item = -1;   // as in Origin
  std::size_t finding = 0;  // whose it is, for the caller
  Location found;
};

struct FoundIn {
  int line = 0;  // of the document's first node
  std::vector<Sought> fields;
};

// Fills in where every field stands: it, what contains it, or the document when that has
// changed meanwhile or is too large to be read for this. `documents` are in the order of
// the file.
void locate_fields(const std::string& path, std::string_view text, std::vector<FoundIn>& documents,
                   std::size_t most_threads);

}  // namespace kai::audit
