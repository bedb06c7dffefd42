// CurlTransport: whom it trusts, and who trusts it.
#include "curl_fixture.hpp"

#include <fmt/format.h>

namespace kai::http {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CurlTls : public CurlTransportTest {
 protected:
  static Error error_of(std::string_view name, const TransportOptions& options) {
    const auto result = send(*make(options), get(name, "/echo"));
    if (result) return Error(ErrorCode::internal, "it answered " + std::to_string(result->status));
    return result.error();
  }

  static std::string peer(std::string_view name) {
    return fmt::format("127.0.0.1:{}", server().port(name));
  }

  static TransportOptions with_client(const std::string& name) {
    TransportOptions options = trusting();
    options.tls.certificate_pem = server().pem(name);
    options.tls.key_pem = server().pem(name + "-key");
    return options;
  }
};

TEST_F(CurlTls, RefusesAnUnknownAuthority) {
  TransportOptions other = trusting();
  other.tls.ca_pem = server().pem("other-ca");
  TransportOptions system = trusting();
  system.tls.ca_pem.clear();
  for (const TransportOptions& options : {other, system}) {
    const Error error = error_of("h2", options);
    EXPECT_EQ(error.code, ErrorCode::untrusted) << error.message;
    EXPECT_THAT(error.message, HasSubstr("the certificate of " + peer("h2") +
                                         " is signed by an unknown authority"));
    EXPECT_THAT(error.hint, HasSubstr("certificate authority"));
  }
}

TEST_F(CurlTls, AcceptsSeveralAuthorities) {
  TransportOptions options = trusting();
  options.tls.ca_pem = "some words\n" + server().pem("other-ca") + "\n" + server().pem("ca");
  EXPECT_EQ(send(*make(options), get("h2", "/echo"))->status, 200);
}

TEST_F(CurlTls, RefusesAnExpiredCertificate) {
  const Error error = error_of("expired", trusting());
  EXPECT_EQ(error.code, ErrorCode::untrusted);
  EXPECT_EQ(error.message, fmt::format("the certificate of {} has expired", peer("expired")));
}

TEST_F(CurlTls, RefusesACertificateOfTheFuture) {
  const Error error = error_of("future", trusting());
  EXPECT_EQ(error.code, ErrorCode::untrusted);
  EXPECT_EQ(error.message, fmt::format("the certificate of {} is not yet valid", peer("future")));
}

TEST_F(CurlTls, RefusesAnotherServersCertificateAndSaysWhose) {
  const Error error = error_of("other-name", trusting());
  EXPECT_EQ(error.code, ErrorCode::untrusted);
  EXPECT_EQ(error.message,
            fmt::format("the certificate of {} does not carry the name 127.0.0.1: it is valid for "
                        "other.test, 192.0.2.7",
                        peer("other-name")));
  EXPECT_THAT(error.hint, HasSubstr("tls-server-name"));
}

TEST_F(CurlTls, VerifiesTheServerNameInsteadOfTheHost) {
  TransportOptions options = trusting();
  options.tls.server_name = "other.test";
  const auto transport = make(options);
  for (int i = 0; i < 2; ++i) {
    const auto answer = send(*transport, get("other-name", "/echo?a=b"));
    const auto seen = echo_of(answer);
    EXPECT_EQ(seen.value("serverName", ""), "other.test") << seen;
    EXPECT_EQ(seen.value("host", ""), peer("other-name")) << "the Host header stays the URL's";
    EXPECT_EQ(seen.value("uri", ""), "/echo?a=b");
    EXPECT_EQ(answer->header("X-Proto"), "HTTP/2.0");
  }
  // It may be an address, too.
  options.tls.server_name = "192.0.2.7";
  EXPECT_EQ(send(*make(options), get("other-name", "/echo"))->status, 200);

  const Error error = error_of("h2", options);
  EXPECT_EQ(error.code, ErrorCode::untrusted);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr(peer("h2")), HasSubstr("does not carry the name 192.0.2.7")));
}

TEST_F(CurlTls, VerifiesNothingWhenToldSo) {
  TransportOptions options = trusting();
  options.tls.ca_pem.clear();
  options.tls.insecure_skip_verify = true;
  const auto transport = make(options);
  for (const char* name : {"h2", "expired", "other-name"}) {
    EXPECT_EQ(send(*transport, get(name, "/echo"))->status, 200) << name;
  }
}

TEST_F(CurlTls, SaysSoWhenTheAuthorityIsNoPem) {
  TransportOptions options = trusting();
  for (const char* text :
       {"nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    options.tls.ca_pem = text;
    const Error error = error_of("h2", options);
    EXPECT_EQ(error.code, ErrorCode::untrusted) << error.message;
    EXPECT_THAT(error.message, HasSubstr("certificate authority configured for"));
  }
}

TEST_F(CurlTls, ShowsItsClientCertificate) {
  for (const char* name : {"mtls12", "mtls13"}) {
    const auto transport = make(with_client("client"));
    const auto seen = echo_of(send(*transport, get(name, "/echo")));
    EXPECT_EQ(seen.value("client", ""), "client") << name << ": " << seen;
  }
}

TEST_F(CurlTls, SaysThatAClientCertificateIsWanted) {
  const Error in_tls13 = error_of("mtls13", trusting());
  EXPECT_EQ(in_tls13.code, ErrorCode::untrusted);
  EXPECT_EQ(in_tls13.message,
            peer("mtls13") + " asks for a client certificate and none is configured");
  // Before 1.3 a server only has "handshake failure" for it.
  const Error in_tls12 = error_of("mtls12", trusting());
  EXPECT_EQ(in_tls12.code, ErrorCode::untrusted);
  EXPECT_THAT(in_tls12.message, HasSubstr(peer("mtls12") + " refused the TLS handshake"));
  EXPECT_THAT(in_tls12.hint, HasSubstr("client certificate"));
}

TEST_F(CurlTls, SaysThatItsClientCertificateIsRejected) {
  for (const char* name : {"mtls12", "mtls13"}) {
    for (const char* client : {"expired-client", "foreign-client"}) {
      const Error error = error_of(name, with_client(client));
      EXPECT_EQ(error.code, ErrorCode::untrusted) << name << ": " << error.message;
      EXPECT_THAT(error.message, HasSubstr("rejected our client certificate")) << name;
    }
  }
}

TEST_F(CurlTls, SaysSoWhenItsOwnCertificateCannotBeUsed) {
  TransportOptions mismatched = with_client("client");
  mismatched.tls.key_pem = server().pem("foreign-client-key");
  TransportOptions nonsense = with_client("client");
  nonsense.tls.certificate_pem = "nonsense";
  for (const TransportOptions& options : {mismatched, nonsense}) {
    const Error error = error_of("mtls13", options);
    EXPECT_EQ(error.code, ErrorCode::untrusted) << error.message;
    EXPECT_THAT(error.message,
                HasSubstr("the client certificate for " + peer("mtls13") + " cannot be used"));
    EXPECT_THAT(error.message, Not(HasSubstr("PRIVATE KEY")));
  }
}

}  // namespace
}  // namespace kai::http
