// Credentials for each request: bearer tokens, token files, basic auth, exec
// plugins and impersonation. Thread-safe.
//
// An exec plugin runs when its credential is first needed, when that has expired and
// when the server refused it. Its credential is kept in memory only, as in kubectl:
// plugins that are slow keep caches of their own.
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/http/transport.hpp>
#include <kai/kube/kubeconfig.hpp>

#include <memory>
#include <optional>
#include <string>

namespace kai::kube {

// What one request is sent with. Everything stems from one run of a plugin.
struct Credentials {
  http::Headers headers;        // Authorization and Impersonate-*
  std::string certificate_pem;  // for TLS; from the kubeconfig or a plugin
  std::string key_pem;
  long generation = 0;  // for renew()
};

class Authenticator {
 public:
  // Runs nothing yet. `access` and `context` must outlive it.
  Authenticator(const ClusterAccess& access, const Context& context);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // Runs the plugin if need be; one thread does and the others wait for it.
  Result<Credentials> credentials();
  // What is at hand without running anything; nullopt when a plugin must run first.
  std::optional<Credentials> ready();
  // Gives up credentials that the server answered with 401. True when there are others
  // to be had, so that it is worth trying again.
  bool renew(long generation);

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::kube
