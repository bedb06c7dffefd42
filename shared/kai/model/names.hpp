// What Kubernetes accepts as names, label keys and label values
// (k8s.io/apimachinery/pkg/util/validation), and the nearest of known names.
// Pure functions; thread-safe.
#pragma once

#include <kai/base/result.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kai::model {

// Each says what is wrong in the server's terms; the error names the text.
Result<> check_label_key(std::string_view key);      // [prefix/]name
Result<> check_label_value(std::string_view value);  // up to 63 of [-_.A-Za-z0-9]
Result<> check_dns_label(std::string_view name);     // RFC 1123 label
Result<> check_dns_subdomain(std::string_view name);

// The known name that is closest to a mistyped one, or nullopt when none is close
// enough to be meant (more than about a third of the letters differ).
std::optional<std::string> nearest_name(std::string_view wrong, std::span<const std::string> known);

}  // namespace kai::model
