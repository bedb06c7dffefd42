#include <kai/model/names.hpp>
#include <kai/model/profile/value.hpp>

#include <algorithm>

namespace kai::model {

ProfileValue ProfileValue::operator[](std::string_view key) const {
  if (m_value != nullptr && m_value->is_object()) {
    const auto found = m_value->find(key);
    if (found != m_value->end()) {
      return {m_reading, &*found, member_pointer(m_at, key), member_name(m_name, key)};
    }
  }
  return {m_reading, nullptr, m_at, member_name(m_name, key)};
}

ProfileValue ProfileValue::required(std::string_view key) const {
  ProfileValue member = (*this)[key];
  if (m_value != nullptr && m_value->is_object() && !member.is_present()) {
    problem("has no " + std::string(key));
  }
  return member;
}

std::vector<ProfileValue> ProfileValue::items() const {
  std::vector<ProfileValue> list;
  if (m_value == nullptr || !m_value->is_array()) return list;
  for (std::size_t i = 0; i < m_value->size(); ++i) {
    const std::string index = std::to_string(i);
    list.push_back(ProfileValue(m_reading, &(*m_value)[i], member_pointer(m_at, index),
                                m_name + "[" + index + "]"));
  }
  return list;
}

std::vector<std::pair<std::string, ProfileValue>> ProfileValue::members() const {
  std::vector<std::pair<std::string, ProfileValue>> list;
  if (m_value == nullptr || !m_value->is_object()) return list;
  for (const auto& [key, value] : m_value->items()) {
    list.emplace_back(
        key, ProfileValue(m_reading, &value, member_pointer(m_at, key), member_name(m_name, key)));
  }
  return list;
}

std::optional<std::string> ProfileValue::text() const {
  if (m_value == nullptr || !m_value->is_string()) return std::nullopt;
  return m_value->get<std::string>();
}

std::optional<std::int64_t> ProfileValue::integer() const {
  if (m_value == nullptr || !m_value->is_number_integer()) return std::nullopt;
  return m_value->get<std::int64_t>();
}

bool ProfileValue::boolean() const {
  return m_value != nullptr && m_value->is_boolean() && m_value->get<bool>();
}

std::optional<std::string> ProfileValue::one_of(
    std::initializer_list<std::string_view> words) const {
  std::optional<std::string> word = text();
  if (!word || std::find(words.begin(), words.end(), *word) != words.end()) return word;
  const std::vector<std::string> known(words.begin(), words.end());
  std::string what = "must be ";
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0) what += i + 1 == known.size() ? " or " : ", ";
    what += known[i];
  }
  what += ", not \"" + *word + "\"";
  if (const auto nearest = nearest_name(*word, known)) {
    what += "; did you mean \"" + *nearest + "\"?";
  }
  problem(what);
  return std::nullopt;
}

std::map<std::string, std::string, std::less<>> ProfileValue::text_map() const {
  std::map<std::string, std::string, std::less<>> map;
  for (const auto& [key, value] : members()) {
    if (auto text = value.text()) map.emplace(key, *std::move(text));
  }
  return map;
}

void ProfileValue::problem(const std::string& what) const {
  m_reading.problems.problem(m_at, m_name + " " + what);
}

void ProfileValue::warning(const std::string& what) const {
  m_reading.warnings.problem(m_at, m_name + " " + what);
}

void ProfileValue::expect(const Result<>& checked) const {
  if (!checked) m_reading.problems.problem(m_at, m_name + ": " + checked.error().message);
}

void ProfileValue::wrong_type(std::string_view wanted) const {
  m_reading.problems.wrong_type(*m_value, wanted, m_at, m_name);
}

}  // namespace kai::model
