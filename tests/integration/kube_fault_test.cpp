// The client against a real API server over a connection that fails a fifth of the
// time: everything must come out right all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/http/curl_transport.hpp>
#include <kai/http/retry_transport.hpp>
#include <kai/kube/client.hpp>

#include <cstdlib>
#include <set>
#include <thread>

#include "support/fault_transport.hpp"
#include "support/outside.hpp"

namespace kai::kube {
namespace {

using model::Json;
using model::Resource;

class KubeFaultTest : public testing::TestWithParam<std::uint32_t> {
 protected:
  KubeFaultTest() {
    const char* kubeconfig = std::getenv("KUBECONFIG");
    if (kubeconfig == nullptr) throw std::runtime_error("KUBECONFIG is not set");
    m_outside.env["KUBECONFIG"] = kubeconfig;
    auto access = resolve_access({}, m_outside.context);
    if (!access) throw std::runtime_error(access.error().to_string());
    m_access = *std::move(access);
    m_steady = *Client::connect(m_access, m_outside.context);

    http::TransportOptions options;
    options.tls.ca_pem = m_access.ca_pem;
    test::FaultOptions faults;
    faults.seed = GetParam();
    auto faulty = std::make_unique<test::FaultTransport>(
        std::make_unique<http::CurlTransport>(options, m_outside.context.cancel,
                                              m_outside.context.log),
        faults);
    m_counts = faulty->counts();
    m_client = std::make_unique<Client>(
        m_access, m_outside.context,
        std::make_unique<http::RetryTransport>(std::move(faulty), http::RetryOptions{},
                                               m_outside.context.log));
    m_ns = m_steady
               ->create(Resource(Json{{"apiVersion", "v1"},
                                      {"kind", "Namespace"},
                                      {"metadata", {{"generateName", "fault-"}}}}))
               ->name();
  }

  ~KubeFaultTest() override {
    EXPECT_TRUE(m_steady->remove(*m_steady->find_resource("ns"), "", m_ns).has_value());
  }

  Resource config_map(int number, const std::string& value) {
    return Resource(Json{
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata",
         {{"name", "c" + std::to_string(number)}, {"namespace", m_ns}, {"labels", {{"of", "us"}}}}},
        {"data", {{"value", value}}}});
  }

  test::Outside m_outside;
  ClusterAccess m_access;
  std::unique_ptr<Client> m_steady;  // without faults, to look what came of it
  std::optional<test::FaultTransport::Counts> m_counts;
  std::unique_ptr<Client> m_client;
  std::string m_ns;
};

TEST_P(KubeFaultTest, AppliesListsWatchesAndDeletes) {
  constexpr int k_objects = 60;
  const ResourceType maps = *m_client->find_resource("cm");
  ListOptions ours;
  ours.ns = m_ns;
  ours.label_selector = "of=us";
  ours.limit = 7;

  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = thread; i < k_objects; i += 4) {
        const auto applied = m_client->apply(config_map(i, std::to_string(i)));
        EXPECT_TRUE(applied.has_value()) << applied.error().to_string();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  // Each object once, although pages failed and were asked for again.
  std::multiset<std::string> listed;
  const auto result = m_client->list(maps, ours, [&](Resource&& object) -> Result<> {
    listed.emplace(object.name());
    EXPECT_EQ("c" + object.json()["data"]["value"].get<std::string>(), object.name());
    return {};
  });
  ASSERT_TRUE(result.has_value()) << result.error().to_string();
  EXPECT_EQ(listed.size(), static_cast<std::size_t>(k_objects));
  EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()).size(), listed.size());

  // A watch tells every deletion exactly once, whatever breaks in between.
  WatchOptions watching;
  watching.ns = m_ns;
  watching.label_selector = ours.label_selector;
  std::multiset<std::string> deleted;
  int present = 0;
  std::thread deleter;
  const auto watched =
      m_client->watch(maps, watching, std::chrono::minutes(3), [&](WatchEvent&& event) {
        if (event.type == WatchEvent::Type::added && ++present == k_objects) {
          deleter = std::thread([&] {
            for (const std::string& name : std::set<std::string>(listed.begin(), listed.end())) {
              // Without faults: a deletion by name is not repeated when its answer is lost.
              EXPECT_TRUE(m_steady->remove(maps, m_ns, name).has_value());
            }
          });
        }
        if (event.type == WatchEvent::Type::deleted) deleted.emplace(event.object.name());
        return deleted.size() < static_cast<std::size_t>(k_objects);
      });
  if (deleter.joinable()) deleter.join();
  EXPECT_TRUE(watched.has_value()) << watched.error().to_string();
  EXPECT_EQ(deleted, listed);
  EXPECT_TRUE(m_steady->list_all(maps, ours)->empty());

  EXPECT_GT(m_counts->all(), 5) << "the connection was too good to prove anything";
  EXPECT_EQ(m_counts->hung(), 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, KubeFaultTest, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace kai::kube
