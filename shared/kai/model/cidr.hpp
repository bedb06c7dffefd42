// Cidr: a block of IP addresses, as NetworkPolicies have them. A plain value.
#pragma once

#include <kai/base/result.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace kai::model {

class Cidr {
 public:
  // "10.0.0.0/8", "fd00::/8"; bits behind the prefix may be set and do not count.
  // Errors: invalid_input, naming the text.
  static Result<Cidr> parse(std::string_view text);
  // One address, as a block of itself.
  static Result<Cidr> parse_address(std::string_view text);

  [[nodiscard]] bool contains(const Cidr& other) const;
  [[nodiscard]] bool is_v6() const { return m_is_v6; }
  [[nodiscard]] int prefix() const { return m_prefix; }
  [[nodiscard]] const std::string& to_string() const { return m_text; }  // as it was written
  bool operator==(const Cidr& other) const { return contains(other) && m_prefix == other.m_prefix; }

 private:
  std::array<std::uint8_t, 16> m_address{};
  int m_prefix = 0;
  bool m_is_v6 = false;
  std::string m_text;
};

}  // namespace kai::model
