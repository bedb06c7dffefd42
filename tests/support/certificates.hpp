// Client certificates made while the test runs, so that none expires in the tree.
#pragma once

#include <chrono>
#include <string>

namespace kai::test {

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;
};

// A certificate for `common_name`. Signed by `issuer`, or by itself when that is empty.
Certificate make_certificate(const std::string& common_name,
                             std::chrono::system_clock::time_point not_before,
                             std::chrono::system_clock::time_point not_after,
                             const Certificate& issuer = {});

}  // namespace kai::test
