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
#include <utility>
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
  nodes,  // names, or {selector: …}
};

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
  // The problems as one error (invalid_input), at the place of the first in the file.
  Result<> result();

 private:
  void check_fields(const Json& value, std::span<const Field> fields, const std::string& at,
                    const std::string& name);
  void check(const Json& value, const Field& field, const std::string& at, const std::string& name);
  void check_text_map(const Json& value, const std::string& at, const std::string& name);
  void check_list(const Json& value, const Field& field, const std::string& at,
                  const std::string& name);
  void wrong_type(const Json& value, std::string_view wanted, const std::string& at,
                  const std::string& name);
  void unknown_key(const std::string& key, std::span<const Field> fields, const std::string& at,
                   const std::string& parent);
  [[nodiscard]] Location location(const std::string& at) const;

  const PositionMap& m_positions;
  std::string m_file;
  std::string m_whole;
  std::vector<std::pair<Location, std::string>> m_problems;
};

}  // namespace kai::model
