// ClusterWatch: the live source for somebody who stays. Each kind is listed once and then
// watched from that list on; facts as of now can be had at any time.
//
// A thread a kind waits for what its watch tells and puts it into an ObjectStore. All
// member functions but the constructor are for one thread.
#pragma once

#include <kai/audit/facts/platform.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/source/evidence.hpp>
#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

struct ClusterWatchOptions {
  std::string ns;      // the only namespace to audit; empty: all
  KubeVersion target;  // unknown: the server's own version
  Thresholds thresholds;
  std::shared_ptr<const model::Profile> profile;  // to compare with; null: none
  int page_size = 250;                            // as of LiveOptions
  // How often what cannot be watched is read, and what could not be read is tried again.
  std::chrono::seconds again{60};
  // How often kinds that the server does not serve are looked for.
  std::chrono::seconds look{300};
  // Told what is being read at first; called from several threads.
  std::function<void(std::string_view line)> progress;
};

// How a kind is followed.
struct Following {
  enum class State {
    watched,
    listed,      // may be listed but not watched: read again and again
    lost,        // its watch broke off, and is tried again; what is known of it gets old
    unread,      // may not be read, or not at all
    not_served,  // the server has no such kind, so there are no such objects
  };
  Kind kind = Kind::count_;
  State state = State::watched;
  std::string reason;  // why it is not watched
  std::chrono::steady_clock::time_point since;
};

class ClusterWatch {
 public:
  // `client`, `context` and the rules must outlive it.
  ClusterWatch(kube::Client& client, const Context& context, std::span<const Rule* const> rules,
               ClusterWatchOptions options);
  // Waits for its threads. After follow() these end when the context is cancelled.
  ~ClusterWatch();
  ClusterWatch(const ClusterWatch&) = delete;
  ClusterWatch& operator=(const ClusterWatch&) = delete;

  // Reads everything for the first time. Errors: as of read_cluster().
  Result<> list();
  // From now on changes are followed. Once, after list().
  void follow();

  // What is known by now, made anew. What is lost counts as not read.
  Evidence evidence();
  // Grows whenever something was told that is new to rules.
  [[nodiscard]] std::uint64_t changes() const;
  // Of the kinds that rules look at, in their order.
  [[nodiscard]] std::vector<Following> following() const;
  [[nodiscard]] std::size_t objects() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::audit
