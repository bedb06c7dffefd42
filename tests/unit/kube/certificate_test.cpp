#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/certificate.hpp>
#include <kai/kube/client.hpp>

#include "support/certificates.hpp"
#include "support/fake_transport.hpp"
#include "support/outside.hpp"

namespace kai::kube {
namespace {

using std::chrono::days;
using testing::HasSubstr;

class CertificateTest : public testing::Test {
 protected:
  CertificateTest() {
    m_access.server = "https://api:6443";
    m_access.context = "lab";
    m_access.user = "ada";
  }

  void certificate(days from, days to) {
    const auto made =
        test::make_certificate("ada lovelace", m_outside.now + from, m_outside.now + to);
    m_access.certificate_pem = made.certificate_pem;
    m_access.key_pem = made.key_pem;
  }

  Error error_of() {
    Client client(m_access, m_outside.context, m_fake.handle());
    const auto node = client.get(*client.find_resource("nodes"), "", "n");
    return node ? Error() : node.error();
  }

  test::Outside m_outside;
  test::FakeTransport m_fake;
  ClusterAccess m_access;
};

TEST_F(CertificateTest, SaysWhoAndUntilWhen) {
  certificate(days(-1), days(1));
  const auto info = inspect_certificate("some text before\n" + m_access.certificate_pem);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->subject, "CN=ada lovelace");
  EXPECT_EQ(info->not_before, m_outside.now - days(1));
  EXPECT_EQ(info->not_after, m_outside.now + days(1));
}

TEST_F(CertificateTest, WhatIsNoCertificate) {
  for (const char* text : {"", "hello",
                           "-----BEGIN CERTIFICATE-----\nAAAA\n"
                           "-----END CERTIFICATE-----\n"}) {
    EXPECT_FALSE(inspect_certificate(text).has_value()) << text;
  }
}

TEST_F(CertificateTest, ARefusalNamesTheExpiredCertificate) {
  certificate(days(-10), days(-2));
  m_fake.on(http::Method::get, "/api/v1/nodes/n").reply(401);
  const Error error = error_of();
  EXPECT_EQ(error.code, ErrorCode::unauthorized);
  EXPECT_EQ(error.message,
            "the server did not accept the credentials of user \"ada\" (context \"lab\"): "
            "the client certificate of user \"ada\" expired on 2026-05-30T00:00:00Z");
  EXPECT_THAT(error.hint, HasSubstr("renew the certificate"));
}

TEST_F(CertificateTest, ABrokenOffHandshakeDoesToo) {
  certificate(days(-10), days(-2));
  m_fake.on(http::Method::get, "/api/v1/nodes/n")
      .fail(ErrorCode::untrusted, "TLS alert: certificate expired");
  EXPECT_THAT(error_of().message, HasSubstr("expired on 2026-05-30T00:00:00Z"));
}

TEST_F(CertificateTest, NotYetValidPointsAtTheClock) {
  certificate(days(1), days(9));
  m_fake.on(http::Method::get, "/api/v1/nodes/n").reply(401);
  EXPECT_THAT(error_of().message,
              HasSubstr("is not valid before 2026-06-02T00:00:00Z; this computer's clock says "
                        "2026-06-01T00:00:00Z"));
}

TEST_F(CertificateTest, AValidCertificateIsNotBlamed) {
  certificate(days(-1), days(9));
  m_fake.on(http::Method::get, "/api/v1/nodes/n").reply(401);
  EXPECT_EQ(error_of().message,
            "the server did not accept the credentials of user \"ada\" (context \"lab\")");
}

TEST_F(CertificateTest, OneThatCannotBeReadIsRejectedBeforeAnythingIsSent) {
  m_access.certificate_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const auto client = Client::connect(m_access, m_outside.context);
  ASSERT_FALSE(client.has_value());
  EXPECT_EQ(client.error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace kai::kube
