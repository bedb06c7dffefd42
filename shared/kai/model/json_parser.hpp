// JsonParser: the one reader of JSON text, below parse_json and parse_list.
//
// Strict RFC 8259, one pass over the text, building Json in place. It exists beside
// nlohmann's parser for three things that one cannot do: stop before a document is
// too deep to be written again, step over what nobody will read at the speed of a
// bracket count, and hand over a list's items while standing in the middle of it.
// Numbers become what kubectl makes of them: int64 where they are written as such
// and fit, else double. Lone surrogates become U+FFFD, as in Go.
//
// Internal to the layer. Borrows the text; not synchronised.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kai::model {

// Line and column (in characters) of a byte of `text`.
Location location_in(std::string_view text, std::size_t offset);

class JsonParser {
 public:
  // What is left out while building. managed_fields_v1 applies to a Kubernetes object:
  // its metadata.managedFields[].fieldsV1.
  enum class Leave { nothing_out, managed_fields_v1_out };

  explicit JsonParser(std::string_view text)
      : m_begin(text.data()), m_at(text.data()), m_end(text.data() + text.size()) {}

  // All of these stand before a token (spaces are skipped first) and leave the parser
  // behind it. False means failure, which error() then describes.

  // Builds one value of any type into `out`, which must be null. `depth` levels lie
  // around it.
  [[nodiscard]] bool read_value(Json& out, int depth, Leave leave = Leave::nothing_out);
  // Steps over a value. Its brackets and strings are followed, nothing else is checked.
  [[nodiscard]] bool skip_value();
  [[nodiscard]] bool read_string(std::string& out);
  // Takes one of the structural characters.
  [[nodiscard]] bool expect(char character, std::string_view what);
  // True and past it when that is the next character.
  [[nodiscard]] bool accept(char character);
  // Nothing but space may follow.
  [[nodiscard]] bool expect_end();
  [[nodiscard]] bool at_end();

  [[nodiscard]] std::size_t offset() const { return static_cast<std::size_t>(m_at - m_begin); }
  [[nodiscard]] bool saw_duplicate_key() const { return m_duplicate; }
  [[nodiscard]] Error error() const;

 private:
  // Where in an object the value being built stands, as far as pruning asks.
  enum class Place { other, object, metadata, managed_fields, managed_entry };

  bool value(Json& out, int depth, Place place);
  bool object(Json& out, int depth, Place place);
  bool array(Json& out, int depth, Place place);
  bool number(Json& out);
  bool literal(std::string_view word);
  bool string_rest(std::string& out);
  bool escape(std::string& out);
  bool hex4(std::uint32_t& unit);
  bool utf8_sequence();
  bool skip_string_rest();
  void skip_space();
  bool fail(std::string_view what);
  bool fail_expected(std::string_view what);

  const char* m_begin;
  const char* m_at;
  const char* m_end;
  std::string m_failure;
  bool m_duplicate = false;
};

}  // namespace kai::model
