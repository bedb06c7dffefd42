// FieldPath: where in an object a field stands. A plain value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kai::audit {

class FieldPath {
 public:
  // The object itself.
  FieldPath() = default;
  // A JSON pointer (RFC 6901), "" or "/spec/taints/0".
  static FieldPath from_pointer(std::string_view pointer);

  [[nodiscard]] FieldPath operator/(std::string_view key) const;
  [[nodiscard]] FieldPath operator/(std::size_t index) const;
  [[nodiscard]] FieldPath operator/(const FieldPath& rest) const;

  [[nodiscard]] bool empty() const { return m_pointer.empty(); }
  // "/spec/hard/limits.nvidia.com~1gpu"
  [[nodiscard]] const std::string& pointer() const { return m_pointer; }
  // As Kubernetes writes it: "spec.hard[limits.nvidia.com/gpu]", "spec.taints[0].key".
  [[nodiscard]] std::string to_string() const;
  // The path without its last step; empty stays empty.
  [[nodiscard]] FieldPath parent() const;

  bool operator==(const FieldPath&) const = default;

 private:
  std::string m_pointer;
};

}  // namespace kai::audit
