#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/http/curl_failure.hpp>

#include <cerrno>

namespace kai::http {
namespace {

using testing::HasSubstr;

CurlFailure failure(CURLcode code, std::string detail = {}) {
  CurlFailure failure;
  failure.code = code;
  failure.detail = std::move(detail);
  failure.peer = "api:6443";
  failure.name = "api";
  return failure;
}

TEST(CurlFailure, NamesTheHostThatHasNoAddress) {
  const Error error = to_error(failure(CURLE_COULDNT_RESOLVE_HOST));
  EXPECT_EQ(error.code, ErrorCode::unreachable);
  EXPECT_EQ(error.message, "cannot find the address of api");
  CurlFailure proxied = failure(CURLE_COULDNT_RESOLVE_PROXY);
  proxied.proxy = "proxy:3128";
  EXPECT_EQ(to_error(proxied).message, "cannot find the address of the proxy proxy");
}

TEST(CurlFailure, SaysWhyThereIsNoConnection) {
  CurlFailure one = failure(CURLE_COULDNT_CONNECT, "Failed to connect");
  one.system_error = EHOSTUNREACH;
  EXPECT_EQ(to_error(one).message, "cannot connect to api:6443: no route to it");
  one.system_error = 0;
  EXPECT_EQ(to_error(one).message, "cannot connect to api:6443: Failed to connect");
}

// Whether a request may be repeated hangs on this.
TEST(CurlFailure, TellsWhetherAnythingWasSent) {
  for (const CURLcode code : {CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2,
                              CURLE_HTTP2_STREAM, CURLE_PARTIAL_FILE, CURLE_FAILED_INIT}) {
    CurlFailure one = failure(code, "why");
    EXPECT_EQ(to_error(one).code, ErrorCode::unreachable) << code;
    one.sent = true;
    EXPECT_EQ(to_error(one).code, ErrorCode::disconnected) << code;
    EXPECT_THAT(to_error(one).message, HasSubstr("why")) << code;
  }
}

// The texts of libcurl's builds with OpenSSL and GnuTLS.
TEST(CurlFailure, UnderstandsBothTlsLibraries) {
  struct Case {
    CURLcode code;
    long verify_result;
    bool has_certificate;
    const char* detail;
    const char* message;
  };
  for (const Case& one : {
           Case{CURLE_PEER_FAILED_VERIFICATION, 10, false,
                "SSL certificate problem: certificate has expired", "has expired"},
           Case{CURLE_PEER_FAILED_VERIFICATION, 1026, false,
                "server certificate verification failed. CAfile: /proc/self/fd/9 CRLfile: none",
                "has expired"},
           Case{CURLE_PEER_FAILED_VERIFICATION, 514, false,
                "server certificate verification failed. CAfile: none CRLfile: none",
                "is not yet valid"},
           Case{CURLE_PEER_FAILED_VERIFICATION, 66, false,
                "server certificate verification failed. CAfile: /proc/self/fd/9 CRLfile: none",
                "is signed by an unknown authority: server certificate verification failed."},
           Case{CURLE_PEER_FAILED_VERIFICATION, 18, false,
                "SSL certificate problem: self-signed certificate",
                "is signed by an unknown authority"},
           Case{CURLE_PEER_FAILED_VERIFICATION, 0, false,
                "SSL: certificate subject name (other) does not match target host name 'api'",
                "does not carry the name api"},
           Case{CURLE_PEER_FAILED_VERIFICATION, 1, true, "SSL certificate verification failed",
                "rejected our client certificate"},
           Case{CURLE_RECV_ERROR, 0, true,
                "OpenSSL SSL_read: error:0A000412:SSL routines::sslv3 alert bad certificate, errno "
                "0",
                "rejected our client certificate"},
           Case{CURLE_RECV_ERROR, 0, false,
                "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required",
                "asks for a client certificate and none is configured"},
           Case{CURLE_SSL_CONNECT_ERROR, 0, true, "gnutls_handshake() failed: CA is unknown",
                "rejected our client certificate"},
           Case{CURLE_SSL_CONNECT_ERROR, 0, false, "gnutls_handshake() failed: Handshake failed",
                "refused the TLS handshake"},
           Case{CURLE_RECV_ERROR, 0, false,
                "GnuTLS recv error (-12): A TLS fatal alert has been received.",
                "refused the TLS handshake"},
           Case{CURLE_SSL_CONNECT_ERROR, 0, true, "error reading X.509 key or certificate file",
                "cannot be used"},
           Case{CURLE_SSL_CACERT_BADFILE, 0, false, "error importing CA certificate blob",
                "cannot be read as PEM"},
       }) {
    CurlFailure told = failure(one.code, one.detail);
    told.verify_result = one.verify_result;
    told.has_client_certificate = one.has_certificate;
    told.sent = one.code == CURLE_RECV_ERROR;
    const Error error = to_error(told);
    EXPECT_EQ(error.code, ErrorCode::untrusted) << one.detail;
    EXPECT_THAT(error.message, HasSubstr(one.message)) << one.detail;
    EXPECT_THAT(error.message, testing::Not(HasSubstr("/proc/"))) << one.detail;
    EXPECT_FALSE(error.hint.empty()) << one.detail;
  }
}

TEST(CurlFailure, NamesTheProxyThatIsInTheWay) {
  CurlFailure one = failure(CURLE_RECV_ERROR, "CONNECT tunnel failed, response 407");
  one.proxy = "proxy:3128";
  one.proxy_status = 407;
  EXPECT_EQ(to_error(one).code, ErrorCode::unreachable);
  EXPECT_EQ(to_error(one).message,
            "the proxy proxy:3128 did not connect us to api:6443: it answered 407");
  EXPECT_THAT(to_error(one).hint, HasSubstr("password"));
}

}  // namespace
}  // namespace kai::http
