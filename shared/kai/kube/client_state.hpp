// What a Client is made of. Internal to kai/kube.
#pragma once

#include <kai/kube/client.hpp>
#include <kai/kube/discovery.hpp>
#include <kai/kube/requester.hpp>

#include <functional>
#include <utility>

namespace kai::kube {

struct Client::State {
  State(ClusterAccess cluster_access, const Context& outside, TransportFactory factory)
      : access(std::move(cluster_access)),
        context(outside),
        requester(access, context, std::move(factory)),
        discovery(requester) {}

  ClusterAccess access;
  const Context& context;
  std::function<long()> sent;  // tries included; empty when the transport does not count
  Requester requester;
  Discovery discovery;
};

// Starts a list's first request.
struct PageStream::State {
  State(Requester& requester, const ResourceType& type, const ListOptions& options);
  ~State();
  struct Shared;
  std::shared_ptr<Shared> shared;
};

}  // namespace kai::kube
