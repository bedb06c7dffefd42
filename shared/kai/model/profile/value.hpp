// ProfileValue: a value of the profile that is being read, and where it stands.
//
// Internal to the layer. FieldChecker has judged keys and types by then, so a value of the
// wrong type reads as not there; what else is wrong with it is told here. Borrows the
// document and the checker.
#pragma once

#include <kai/model/field_checker.hpp>
#include <kai/model/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::model {

class ProfileValue {
 public:
  struct Reading {
    FieldChecker& problems;
    FieldChecker& warnings;
  };

  ProfileValue(Reading reading, const Json& root) : ProfileValue(reading, &root, {}, {}) {}

  [[nodiscard]] bool is_present() const { return m_value != nullptr; }
  [[nodiscard]] const Json& json() const { return *m_value; }  // when it is present
  [[nodiscard]] const std::string& name() const { return m_name; }
  [[nodiscard]] Location location() const { return m_reading.problems.location(m_at); }

  // A member; one that is not there has the place of this one.
  ProfileValue operator[](std::string_view key) const;
  // The same, and a problem when it is not there: "spec.backup has no bucket".
  [[nodiscard]] ProfileValue required(std::string_view key) const;
  [[nodiscard]] std::vector<ProfileValue> items() const;  // none if it is no list
  [[nodiscard]] std::vector<std::pair<std::string, ProfileValue>> members() const;
  [[nodiscard]] std::optional<std::string> text() const;
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] bool boolean() const;  // false when not there
  // A text that must be one of these; the nearest is named otherwise.
  [[nodiscard]] std::optional<std::string> one_of(
      std::initializer_list<std::string_view> words) const;
  [[nodiscard]] std::map<std::string, std::string, std::less<>> text_map() const;

  // "<name> <what>", or with a colon before it when it is an error's.
  void problem(const std::string& what) const;
  void warning(const std::string& what) const;
  void expect(const Result<>& checked) const;
  void wrong_type(std::string_view wanted) const;

 private:
  ProfileValue(Reading reading, const Json* value, std::string at, std::string name)
      : m_reading(reading), m_value(value), m_at(std::move(at)), m_name(std::move(name)) {}

  Reading m_reading;
  const Json* m_value;
  std::string m_at;
  std::string m_name;
};

}  // namespace kai::model
