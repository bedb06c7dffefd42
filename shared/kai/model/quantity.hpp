// Quantity: Kubernetes' fixed-point numbers ("500m", "1.5Gi", "12e6"), exact.
//
// Behaves as k8s.io/apimachinery/pkg/api/resource: finer than nano is rounded up
// (away from zero), binary amounts are capped at 2^63-1, and to_string() gives the
// canonical form. Two differences, both far from real amounts: decimal ones saturate
// at 1e29 instead of growing on, and from 1e21 on they keep the suffix E where
// Kubernetes loses it. A plain value.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace kai::model {

class Quantity {
 public:
  enum class Format { decimal_si, binary_si, decimal_exponent };

  Quantity() = default;
  // A whole number in decimal SI.
  static Quantity of(std::int64_t value);
  // Errors: invalid_input, naming the text.
  static Result<Quantity> parse(std::string_view text);
  // A quantity field of an object: a string, or a number; null is zero.
  static Result<Quantity> from_json(const Json& value);

  // Canonical form. (Kubernetes itself repeats some texts as they were written, "1.500"
  // or "+3Gi", until it has calculated with them: compare amounts, not texts.)
  [[nodiscard]] std::string to_string() const;
  // Rounded up (away from zero) to whole units / thousandths, as Go's Value() and
  // MilliValue() do it from zero to int64's limit. Beyond that Go's are wrong (0 for 100E),
  // these stay at the limit.
  [[nodiscard]] std::int64_t value() const;
  [[nodiscard]] std::int64_t milli_value() const;
  [[nodiscard]] bool is_zero() const { return m_nano == 0; }
  [[nodiscard]] bool is_whole() const;
  [[nodiscard]] Format format() const { return m_format; }

  // These keep this one's format, unless it is zero, and saturate.
  Quantity& operator+=(const Quantity& other);
  Quantity& operator-=(const Quantity& other);
  friend Quantity operator+(Quantity a, const Quantity& b) { return a += b; }
  friend Quantity operator-(Quantity a, const Quantity& b) { return a -= b; }
  // Compares amounts; the format does not count.
  bool operator==(const Quantity& other) const { return m_nano == other.m_nano; }
  auto operator<=>(const Quantity& other) const { return m_nano <=> other.m_nano; }

 private:
  __extension__ using Nano = __int128;  // 2^63-1 units are 9.3e27 nano-units
  Nano m_nano = 0;
  Format m_format = Format::decimal_si;
};

}  // namespace kai::model
