// FieldChecker: holds a document of our own (a profile, a file of exceptions) to the keys
// and types that it may have.
//
// Strict: unknown keys, with the nearest known one, and wrong types are problems, each with
// its place; all of them become one error. Borrows what it is given; not synchronised.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

enum class FieldType : std::uint8_t {
  text,  // a string
  integer,
  boolean,
  fields,    // a map with the keys of `fields`
  map,       // a map with keys of its own: labels, quotas
  text_map,  // … whose values are strings
  list,      // a list of maps with the keys of `fields`
  text_list,
  text_or_fields,  // a string, or a map with the keys of `fields`
  mixed_list,      // a list of either
  nodes,           // a list of strings, or a map with the keys of `fields`
  any,             // its reader looks at it
};

// What FieldChecker finds.
struct FieldProblem {
  Location location;
  std::string message;
};

// A member's JSON pointer (RFC 6901: how positions are keyed) and its name in messages.
std::string member_pointer(const std::string& parent, std::string_view key);
std::string member_name(const std::string& parent, std::string_view key);

struct Field {
  std::string_view key;
  FieldType type = FieldType::text;
  std::span<const Field> fields{};
};

class FieldChecker {
 public:
  // `positions` are those of the document, `whole` what it is called: "the profile".
  FieldChecker(const PositionMap& positions, std::string_view file, std::string_view whole)
      : m_positions(positions), m_file(file), m_whole(whole) {}

  void check_fields(const Json& root, std::span<const Field> fields) {
    check_fields(root, fields, "", "");
  }
  // apiVersion and kind must be exactly these.
  void check_type(const Json& root, std::string_view api_version, std::string_view kind);
  // One more, at a JSON pointer.
  void problem(const std::string& at, std::string message);
  // A value is not what its reader `wanted`: "a string".
  void wrong_type(const Json& value, std::string_view wanted, const std::string& at,
                  const std::string& name);
  // What is wrong, in the order of the file.
  [[nodiscard]] std::vector<FieldProblem> problems() const;
  // The problems as one error (invalid_input): the first in the file, and as its causes the
  // others.
  [[nodiscard]] Result<> result() const;
  [[nodiscard]] Location location(const std::string& at) const;

 private:
  void check_fields(const Json& value, std::span<const Field> fields, const std::string& at,
                    const std::string& name);
  void check(const Json& value, const Field& field, const std::string& at, const std::string& name);
  void check_text_map(const Json& value, const std::string& at, const std::string& name);
  void check_list(const Json& value, const Field& field, const std::string& at,
                  const std::string& name);
  void unknown_key(const std::string& key, std::span<const Field> fields, const std::string& at,
                   const std::string& parent);

  const PositionMap& m_positions;
  std::string m_file;
  std::string m_whole;
  std::vector<FieldProblem> m_problems;
};

// Problems, of which there are some, as one error.
Error as_error(const std::vector<FieldProblem>& problems);

}  // namespace kai::model
