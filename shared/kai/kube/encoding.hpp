// The text encodings that the Kubernetes API uses around JSON: base64, percent
// escapes and timestamps. Pure functions; thread-safe.
#pragma once

#include <kai/base/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kai::kube {

// A point in time with the nanoseconds that kubelets write into logs.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

// Standard base64 with padding; line breaks are skipped, as Go does. nullopt for
// anything else.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

// Escapes everything that may not stand literally in one segment of a path or in a
// query's value (RFC 3986: unreserved characters stay).
std::string escape_url(std::string_view text);

// RFC 3339: "2026-01-02T15:04:05.123456789Z" or with "+02:00".
std::optional<Timestamp> parse_timestamp(std::string_view text);
// "2026-01-02T15:04:05Z".
std::string format_timestamp(std::chrono::system_clock::time_point time);

}  // namespace kai::kube
