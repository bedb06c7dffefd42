#include <fmt/format.h>
#include <kai/http/curl_failure.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace kai::http {

namespace {

// Reasons why TLS failed, told apart by OpenSSL's verify result or by the words of
// libcurl's OpenSSL and GnuTLS builds.
enum class Tls {
  none,
  expired,
  not_yet_valid,
  revoked,
  wrong_name,
  unknown_authority,
  unusable_authority,
  unusable_client_certificate,
  client_certificate_missing,
  client_certificate_rejected,
  refused,
  no_tls,
  other,
};

// X509_V_ERR_* of openssl/x509_vfy.h, whose values never change.
Tls by_verify_result(long result) {
  // GnuTLS has bits instead: 9 is "not activated", 10 is "expired".
  if (result >= 1L << 9) return (result & 1L << 10) != 0 ? Tls::expired : Tls::not_yet_valid;
  switch (result) {
    case 9: return Tls::not_yet_valid;
    case 10: return Tls::expired;
    case 23: return Tls::revoked;
    case 2:   // no issuer certificate
    case 18:  // self-signed
    case 19:  // self-signed in the chain
    case 20:  // no local issuer
    case 21:  // the first certificate cannot be verified
      return Tls::unknown_authority;
    case 62: return Tls::wrong_name;
    default: return Tls::none;
  }
}

std::string to_lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

struct Words {
  std::string_view text;  // in lower case
  Tls meaning;
};

// An alert is the server's verdict on us. The first match counts.
constexpr std::array k_alerts = {
    Words{"certificate required", Tls::client_certificate_missing},
    Words{"bad certificate", Tls::client_certificate_rejected},
    Words{"certificate expired", Tls::client_certificate_rejected},
    Words{"certificate has expired", Tls::client_certificate_rejected},
    Words{"certificate revoked", Tls::client_certificate_rejected},
    Words{"certificate unknown", Tls::client_certificate_rejected},
    Words{"unsupported certificate", Tls::client_certificate_rejected},
    // Go's and other servers' word for a missing one in TLS 1.2, among other reasons.
    Words{"handshake failure", Tls::refused},
    Words{"unknown ca", Tls::client_certificate_rejected},
    Words{"access denied", Tls::client_certificate_rejected},
    // GnuTLS' names of the same alerts
    Words{"certificate is required", Tls::client_certificate_missing},
    Words{"certificate is bad", Tls::client_certificate_rejected},
    Words{"certificate was revoked", Tls::client_certificate_rejected},
    Words{"certificate is not supported", Tls::client_certificate_rejected},
    Words{"certificate is expired", Tls::client_certificate_rejected},
    Words{"ca is unknown", Tls::client_certificate_rejected},
    Words{"access was denied", Tls::client_certificate_rejected},
    Words{"handshake failed", Tls::refused},
    Words{"fatal alert has been received", Tls::refused},
};

constexpr std::array k_findings = {
    Words{"not yet valid", Tls::not_yet_valid},
    Words{"not yet activated", Tls::not_yet_valid},
    Words{"activation date", Tls::not_yet_valid},
    Words{"has expired", Tls::expired},
    Words{"expiration date has passed", Tls::expired},
    Words{"revoked", Tls::revoked},
    Words{"does not match target host name", Tls::wrong_name},
    Words{"no alternative certificate subject name matches", Tls::wrong_name},
    Words{"error reading x.509 key or certificate", Tls::unusable_client_certificate},
    Words{"unable to get local issuer", Tls::unknown_authority},
    Words{"self-signed certificate", Tls::unknown_authority},
    Words{"self signed certificate", Tls::unknown_authority},
    Words{"certificate verification failed", Tls::unknown_authority},
    Words{"wrong version number", Tls::no_tls},
    Words{"unknown protocol", Tls::no_tls},
    Words{"unexpected tls packet", Tls::no_tls},
};

template <std::size_t N>
Tls find(std::string_view text, const std::array<Words, N>& table) {
  for (const Words& words : table) {
    if (text.find(words.text) != std::string_view::npos) return words.meaning;
  }
  return Tls::none;
}

Tls classify(const CurlFailure& failure) {
  if (failure.code == CURLE_SSL_CACERT_BADFILE) return Tls::unusable_authority;
  if (failure.code == CURLE_SSL_CERTPROBLEM) return Tls::unusable_client_certificate;
  const std::string text = to_lower(failure.detail);
  // In TLS 1.3 the server judges our certificate after the handshake, so its alert
  // may come as a failed read or write.
  if (text.find("alert") != std::string::npos || text.starts_with("gnutls_handshake() failed")) {
    const Tls found = find(text, k_alerts);
    if (found != Tls::none) {
      return found == Tls::client_certificate_rejected && !failure.has_client_certificate
                 ? Tls::client_certificate_missing
                 : found;
    }
  }
  const bool is_tls = failure.code == CURLE_PEER_FAILED_VERIFICATION ||
                      failure.code == CURLE_SSL_CONNECT_ERROR ||
                      failure.code == CURLE_SSL_ISSUER_ERROR;
  if (!is_tls) return Tls::none;
  // libcurl's text when OpenSSL got the alert "certificate expired" from the server.
  if (text == "ssl certificate verification failed") {
    return Tls::client_certificate_rejected;
  }
  if (const Tls found = by_verify_result(failure.verify_result); found != Tls::none) return found;
  if (const Tls found = find(text, k_findings); found != Tls::none) return found;
  return failure.code == CURLE_PEER_FAILED_VERIFICATION ? Tls::unknown_authority : Tls::other;
}

std::string because(const CurlFailure& failure) {
  // GnuTLS builds name the file that the certificates are in, which is ours and no file.
  const std::string_view detail =
      std::string_view(failure.detail).substr(0, failure.detail.find(" CAfile: "));
  return detail.empty() ? std::string() : fmt::format(": {}", detail);
}

Error tls_error(Tls kind, const CurlFailure& failure) {
  const std::string& peer = failure.peer;
  switch (kind) {
    case Tls::expired:
      return Error(ErrorCode::untrusted, fmt::format("the certificate of {} has expired", peer))
          .with_hint("renew the server's certificate, or set this machine's clock if it is wrong");
    case Tls::not_yet_valid:
      return Error(ErrorCode::untrusted,
                   fmt::format("the certificate of {} is not yet valid", peer))
          .with_hint("check the clocks of this machine and of the server");
    case Tls::revoked:
      return Error(ErrorCode::untrusted, fmt::format("the certificate of {} was revoked", peer))
          .with_hint("replace the server's certificate");
    case Tls::wrong_name: {
      const std::string names =
          failure.certificate_names.empty()
              ? std::string()
              : fmt::format(": it is valid for {}", failure.certificate_names);
      return Error(ErrorCode::untrusted,
                   fmt::format("the certificate of {} does not carry the name {}{}", peer,
                               failure.name, names))
          .with_hint(
              "connect by a name that the certificate carries, or set tls-server-name to one");
    }
    case Tls::unknown_authority:
      return Error(ErrorCode::untrusted,
                   fmt::format("the certificate of {} is signed by an unknown authority{}", peer,
                               because(failure)))
          .with_hint("check that the configured certificate authority is the one of this server");
    case Tls::unusable_authority:
      return Error(
                 ErrorCode::untrusted,
                 fmt::format("the certificate authority configured for {} cannot be read as PEM{}",
                             peer, because(failure)))
          .with_hint("check the certificate authority's file or data");
    case Tls::unusable_client_certificate:
      return Error(ErrorCode::untrusted,
                   fmt::format("the client certificate for {} cannot be used{}", peer,
                               because(failure)))
          .with_hint("check that certificate and key are PEM and belong together");
    case Tls::client_certificate_missing:
      return Error(ErrorCode::untrusted,
                   fmt::format("{} asks for a client certificate{}", peer,
                               failure.has_client_certificate ? " and did not accept ours"
                                                              : " and none is configured"))
          .with_hint("configure a client certificate and key that this server accepts");
    case Tls::client_certificate_rejected:
      return Error(ErrorCode::untrusted,
                   fmt::format("{} rejected our client certificate{}", peer, because(failure)))
          .with_hint(
              "check that the client certificate has not expired and is signed by an "
              "authority which this server accepts");
    case Tls::refused:
      return Error(ErrorCode::untrusted,
                   fmt::format("{} refused the TLS handshake{}", peer, because(failure)))
          .with_hint(failure.has_client_certificate
                         ? "check that the client certificate is meant for this server"
                         : "it may ask for a client certificate, and none is configured");
    case Tls::no_tls:
      return Error(ErrorCode::server, fmt::format("{} does not speak TLS", peer))
          .with_hint("check the port, or use http:// if this server is meant to be without TLS");
    case Tls::other:
    case Tls::none: break;
  }
  return Error(ErrorCode::unreachable,
               fmt::format("no TLS connection to {}{}", peer, because(failure)))
      .with_hint("check that address and port are those of the server");
}

std::string_view describe_connect(int system_error) {
  switch (system_error) {
    case ECONNREFUSED: return "connection refused";
    case ECONNRESET: return "connection reset";
    case EHOSTUNREACH:
    case ENETUNREACH: return "no route to it";
    case ETIMEDOUT: return "no answer";
    case EACCES:
    case EPERM: return "not permitted";
    case EADDRNOTAVAIL: return "no local address or port is left";
    case EMFILE:
    case ENFILE: return "too many open files";
    default: return "";
  }
}

std::string host_of(const std::string& authority) {
  return authority.substr(0, authority.rfind(':'));
}

constexpr std::string_view k_check_server =
    "check that the server is running and that its address and port are right";

Error no_connection(const CurlFailure& failure) {
  const std::string_view known = describe_connect(failure.system_error);
  const bool by_proxy = !failure.proxy.empty();
  const std::string& peer = by_proxy ? failure.proxy : failure.peer;
  return Error(ErrorCode::unreachable,
               fmt::format("cannot connect to {}{}{}", by_proxy ? "the proxy " : "", peer,
                           known.empty() ? because(failure) : fmt::format(": {}", known)))
      .with_hint(by_proxy ? "check the proxy's address, or whether a proxy is wanted at all"
                          : std::string(k_check_server));
}

Error no_address(const std::string& host, bool is_proxy) {
  return Error(ErrorCode::unreachable,
               fmt::format("cannot find the address of {}{}", is_proxy ? "the proxy " : "", host))
      .with_hint("check the name's spelling, and this machine's DNS");
}

Error proxy_refused(const CurlFailure& failure) {
  const std::string_view why = failure.proxy_status == 407
                                   ? "its user name or password is missing or wrong"
                                   : "it may not be allowed to reach that host";
  return Error(ErrorCode::unreachable,
               fmt::format("the proxy {} did not connect us to {}: it answered {}", failure.proxy,
                           failure.peer, failure.proxy_status))
      .with_hint(fmt::format("check the proxy: {}", why));
}

Error broken(const CurlFailure& failure) {
  if (!failure.sent) {
    return Error(ErrorCode::unreachable,
                 fmt::format("the connection to {} broke while it was set up{}", failure.peer,
                             because(failure)))
        .with_hint(std::string(k_check_server));
  }
  return Error(ErrorCode::disconnected,
               fmt::format("the connection to {} broke before the answer was complete{}",
                           failure.peer, because(failure)))
      .with_hint("the request may have had its effect all the same: look before repeating it");
}

}  // namespace

Error to_error(const CurlFailure& failure) {
  if (const Tls kind = classify(failure); kind != Tls::none) return tls_error(kind, failure);
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST: return no_address(host_of(failure.peer), false);
    case CURLE_COULDNT_RESOLVE_PROXY: return no_address(host_of(failure.proxy), true);
    case CURLE_COULDNT_CONNECT: return no_connection(failure);
    case CURLE_OPERATION_TIMEDOUT:
      return Error(failure.sent ? ErrorCode::timed_out : ErrorCode::unreachable,
                   fmt::format("{} did not answer in time", failure.peer))
          .with_hint(std::string(k_check_server));
    case CURLE_PROXY:
      return Error(ErrorCode::unreachable,
                   fmt::format("the proxy {} did not connect us to {}{}", failure.proxy,
                               failure.peer, because(failure)))
          .with_hint("check the proxy's address and its credentials");
    case CURLE_UNSUPPORTED_PROTOCOL:  // libcurl's word for HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
      return Error(ErrorCode::server,
                   fmt::format("{} does not answer in HTTP{}", failure.peer, because(failure)))
          .with_hint("check the port: this may be another kind of server");
    case CURLE_BAD_CONTENT_ENCODING:
      return Error(ErrorCode::server, fmt::format("the compressed answer of {} is damaged{}",
                                                  failure.peer, because(failure)))
          .with_hint("try again with compression disabled");
    case CURLE_OUT_OF_MEMORY:
      return Error(ErrorCode::io,
                   fmt::format("not enough memory for the answer of {}", failure.peer));
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      if (!failure.sent && failure.proxy_status >= 400) return proxy_refused(failure);
      return broken(failure);
    default:
      return Error(failure.sent ? ErrorCode::disconnected : ErrorCode::unreachable,
                   fmt::format("the request to {} failed{} (libcurl error {})", failure.peer,
                               because(failure), static_cast<int>(failure.code)));
  }
}

Error connect_timeout_error(const std::string& peer, std::chrono::milliseconds waited) {
  return Error(ErrorCode::unreachable, fmt::format("no connection to {} within {} s", peer,
                                                   static_cast<double>(waited.count()) / 1000.0))
      .with_hint("check the address, the network and the firewalls on the way");
}

}  // namespace kai::http
