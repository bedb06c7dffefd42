// The live source: reads from a cluster what rules need, and nothing else.
//
// Each kind is listed once, in pages; an item is reduced to facts and dropped before the
// next one is parsed. Only GET requests are sent. Kinds that cannot be read become gaps.
#pragma once

#include <kai/audit/rule.hpp>
#include <kai/audit/source/evidence.hpp>
#include <kai/audit/source/snapshot.hpp>
#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kai::audit {

struct LiveOptions {
  std::string ns;      // the only namespace to audit; empty: all
  KubeVersion target;  // unknown: the server's own version
  Thresholds thresholds;
  std::shared_ptr<const model::Profile> profile;  // to compare with; null: none
  int page_size = 250;
  SnapshotWriter* record = nullptr;  // is given all that is read
  // Is shown every object that is read, one at a time.
  std::function<void(const model::Json& object)> seen;
  // Told what is being read; called from several threads.
  std::function<void(std::string_view line)> progress;
};

// The context's clock, in the unit of facts.
Seconds now_of(const Context& context);

// Errors: cancelled, and whatever kept every single kind from being read except a lack
// of permission (unreachable, untrusted, unauthorized, …).
Result<Evidence> read_cluster(kube::Client& client, const Context& context,
                              std::span<const Rule* const> rules, const LiveOptions& options);

}  // namespace kai::audit
