#include <kai/model/names.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace kai::model {
namespace {

constexpr std::size_t k_max_label = 63;
constexpr std::size_t k_max_subdomain = 253;

bool is_lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z');
}
bool is_label_character(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
}
bool is_dns_character(char c) {
  return is_lower_alphanumeric(c) || c == '-';
}

// First and last by `edge`, everything between by `inside`.
bool has_shape(std::string_view text, bool (*edge)(char), bool (*inside)(char)) {
  return !text.empty() && edge(text.front()) && edge(text.back()) &&
         std::all_of(text.begin(), text.end(), inside);
}

bool is_dns_label_shape(std::string_view text) {
  return has_shape(text, is_lower_alphanumeric, is_dns_character);
}

bool is_dns_subdomain_shape(std::string_view text) {
  while (true) {
    const auto dot = text.find('.');
    if (!is_dns_label_shape(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

Result<> invalid(std::string_view what, std::string_view text, std::string_view why) {
  return fail(ErrorCode::invalid_input,
              "invalid " + std::string(what) + " " + quoted(text) + ": " + std::string(why));
}

std::string too_long(std::size_t limit) {
  return "must be no more than " + std::to_string(limit) + " bytes";
}

constexpr std::string_view k_subdomain_rule =
    "must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
    "with an alphanumeric character";
constexpr std::string_view k_label_rule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Edits between two names, where swapping neighbours counts as one and case as none.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t columns = b.size() + 1;
  std::vector<std::size_t> before_previous(columns), previous(columns), current(columns);
  for (std::size_t j = 0; j < columns; ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j < columns; ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] =
          std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1])) {
        current[j] = std::min(current[j], before_previous[j - 2] + 1);
      }
    }
    std::swap(before_previous, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

Result<> check_label_key(std::string_view key) {
  constexpr std::string_view k_what = "label key";
  const auto slash = key.find('/');
  std::string_view name = key;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    name = key.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      return invalid(k_what, key, "may hold only one '/', between an optional prefix and the name");
    }
    if (prefix.empty()) return invalid(k_what, key, "the prefix before '/' must not be empty");
    if (prefix.size() > k_max_subdomain) {
      return invalid(k_what, key, "the prefix " + too_long(k_max_subdomain));
    }
    if (!is_dns_subdomain_shape(prefix)) {
      return invalid(k_what, key, "the prefix " + std::string(k_subdomain_rule));
    }
  }
  if (name.empty()) return invalid(k_what, key, "the name must not be empty");
  if (name.size() > k_max_label) return invalid(k_what, key, "the name " + too_long(k_max_label));
  if (!has_shape(name, is_alphanumeric, is_label_character)) {
    return invalid(k_what, key, "the name " + std::string(k_label_rule));
  }
  return {};
}

Result<> check_label_value(std::string_view value) {
  if (value.size() > k_max_label) return invalid("label value", value, too_long(k_max_label));
  if (!value.empty() && !has_shape(value, is_alphanumeric, is_label_character)) {
    return invalid("label value", value, k_label_rule);
  }
  return {};
}

Result<> check_dns_label(std::string_view name) {
  if (name.size() > k_max_label) return invalid("name", name, too_long(k_max_label));
  if (is_dns_label_shape(name)) return {};
  if (is_dns_subdomain_shape(name)) return invalid("name", name, "must not contain dots");
  return invalid("name", name,
                 "must consist of lower case alphanumeric characters or '-', and must start and "
                 "end with an alphanumeric character");
}

Result<> check_dns_subdomain(std::string_view name) {
  if (name.size() > k_max_subdomain) return invalid("name", name, too_long(k_max_subdomain));
  if (!is_dns_subdomain_shape(name)) return invalid("name", name, k_subdomain_rule);
  return {};
}

std::optional<std::string> nearest_name(std::string_view wrong,
                                        std::span<const std::string> known) {
  const std::string* nearest = nullptr;
  std::size_t nearest_distance = 0;
  for (const std::string& candidate : known) {
    const std::size_t longer = std::max(wrong.size(), candidate.size());
    const std::size_t shorter = std::min(wrong.size(), candidate.size());
    // At least one, so that one letter may be wrong in the shortest names too.
    const std::size_t allowed = std::max<std::size_t>(1, longer / 3);
    if (longer - shorter > allowed) continue;
    const std::size_t distance = edit_distance(wrong, candidate);
    if (distance > allowed || distance >= longer) continue;
    if (nearest == nullptr || distance < nearest_distance) {
      nearest = &candidate;
      nearest_distance = distance;
    }
  }
  return nearest == nullptr ? std::nullopt : std::optional(*nearest);
}

}  // namespace kai::model
