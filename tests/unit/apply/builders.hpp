// A client over a FakeTransport, and objects, for the tests of kai/apply.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/kube/client.hpp>

#include "support/fake_transport.hpp"
#include "support/outside.hpp"

#include <string>
#include <string_view>

namespace kai::apply::test {

inline model::Json json(std::string_view text) {
  return model::parse_json(text).value();
}

inline model::Resource object(std::string_view text) {
  return model::Resource(json(text));
}

inline model::Resource config_map(const std::string& name, const std::string& value = "1") {
  model::Json map = json(R"({"apiVersion": "v1", "kind": "ConfigMap"})");
  map["metadata"] = {{"name", name}, {"namespace", "team"}};
  map["data"] = {{"key", value}};
  return model::Resource(std::move(map));
}

class ClusterTest : public testing::Test {
 protected:
  static kube::ClusterAccess access() {
    kube::ClusterAccess access;
    access.server = "https://api.example.org";
    access.ns = "team";
    return access;
  }

  ~ClusterTest() override { EXPECT_THAT(m_fake.unexpected(), testing::IsEmpty()); }

  kai::test::FakeTransport::Rule on(http::Method method, const std::string& path) {
    return m_fake.on(method, "https://api.example.org" + path);
  }

  // "PATCH /path" of the requests that were no reads and no dry runs, in order.
  [[nodiscard]] std::vector<std::string> writes() const {
    std::vector<std::string> lines;
    for (const http::Request& request : m_fake.requests()) {
      const bool reads = request.method == http::Method::get;
      const bool dry = request.url.find("dryRun=All") != std::string::npos ||
                       request.body.find("dryRun") != std::string::npos;
      if (reads || dry) continue;
      const std::string path = request.url.substr(std::string("https://api.example.org").size());
      lines.push_back(std::string(http::to_string(request.method)) + " " +
                      path.substr(0, path.find('?')));
    }
    return lines;
  }

  kai::test::Outside m_outside;
  kai::test::FakeTransport m_fake;
  kube::Client m_client{access(), m_outside.context, m_fake.handle()};
};

}  // namespace kai::apply::test
