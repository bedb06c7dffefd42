// What a client certificate says about itself. The only user of libcrypto.
// Pure functions; thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace kai::kube {

struct CertificateInfo {
  std::string subject;  // "CN=kubernetes-admin,O=system:masters"
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
};

// The first certificate of a PEM text; nullopt when there is none that can be read.
std::optional<CertificateInfo> inspect_certificate(const std::string& pem);

}  // namespace kai::kube
