#include <kai/http/curl_transport.hpp>
#include <kai/http/retry_transport.hpp>
#include <kai/kube/certificate.hpp>
#include <kai/kube/client.hpp>
#include <kai/kube/client_state.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace kai::kube {

namespace {

// The real connections of one client, for counting. The Requester alone keeps them
// alive, since it must end their requests before it goes itself.
struct Connections {
  std::mutex mutex;
  std::vector<std::weak_ptr<http::RetryTransport>> all;

  [[nodiscard]] long sent() {
    const std::lock_guard lock(mutex);
    long count = 0;
    for (const auto& each : all) {
      if (const auto transport = each.lock()) count += transport->sent();
    }
    return count;
  }
};

http::TransportOptions transport_options(const ClusterAccess& access,
                                         const Credentials& credentials, const Context& context) {
  http::TransportOptions options;
  options.env = context.env;
  options.tls.ca_pem = access.ca_pem;
  options.tls.certificate_pem = credentials.certificate_pem;
  options.tls.key_pem = credentials.key_pem;
  options.tls.server_name = access.tls_server_name;
  options.tls.insecure_skip_verify = access.insecure_skip_tls_verify;
  options.proxy = access.proxy_url;
  options.disable_compression = access.disable_compression;
  return options;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::connect(ClusterAccess access, const Context& context) {
  if (!access.certificate_pem.empty() && !inspect_certificate(access.certificate_pem)) {
    return fail(Error(ErrorCode::invalid_input,
                      "the client certificate of user \"" + access.user + "\" cannot be read")
                    .with_hint("get a new kubeconfig for this user"));
  }
  const auto connections = std::make_shared<Connections>();
  auto factory = [connections, access, &context](
                     const Credentials& credentials) -> Result<std::shared_ptr<http::Transport>> {
    http::RetryOptions retries;
    retries.wall_clock = context.clock;
    auto transport = std::make_shared<http::RetryTransport>(
        std::make_unique<http::CurlTransport>(transport_options(access, credentials, context),
                                              context.cancel, context.log),
        std::move(retries), context.log);
    const std::lock_guard lock(connections->mutex);
    connections->all.push_back(transport);
    return transport;
  };
  auto state = std::make_unique<State>(std::move(access), context, std::move(factory));
  state->sent = [connections] { return connections->sent(); };
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

}  // namespace kai::kube
