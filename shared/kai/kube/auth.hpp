// Credentials for each request: bearer tokens, token files, basic auth, exec
// plugins and impersonation. Thread-safe.
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/http/transport.hpp>
#include <kai/kube/kubeconfig.hpp>

#include <memory>

namespace kai::kube {

// Client certificates an exec plugin hands out; empty when it gives a token.
struct ExecCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

class Authenticator {
 public:
  // Runs nothing yet. `access` and `context` must outlive it.
  Authenticator(const ClusterAccess& access, const Context& context);
  ~Authenticator();

  // The exec plugin's certificate, for the transport's TLS set-up; runs the plugin
  // when its cached credential has expired.
  Result<ExecCertificate> certificate();
  // The headers to add: Authorization and Impersonate-*.
  Result<http::Headers> headers();
  // Forgets a credential that the server answered with 401, so the next headers()
  // asks for a new one. True when there is a new one to be had.
  bool renew();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::kube
