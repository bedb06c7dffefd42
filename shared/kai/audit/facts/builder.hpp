// FactsBuilder: turns objects into Facts, one at a time.
//
// add() reduces an object and keeps nothing of it. Not synchronised: sources that read
// in several threads take a lock around add(), which is short beside parsing.
#pragma once

#include <kai/audit/facts/facts.hpp>
#include <kai/model/json.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace kai::model {
struct Profile;
}

namespace kai::audit {

struct FactsOptions {
  Facts::View view = Facts::View::files;
  std::string only_ns;     // see Facts
  std::string default_ns;  // for namespaced objects of files that name none
  KubeVersion target;      // unknown: the newest that the tables know
  Seconds now = 0;         // 0: the newest time that the objects mention
  Thresholds thresholds;
  std::shared_ptr<const model::Profile> profile;  // to compare with; null: none
};

class FactsBuilder {
 public:
  explicit FactsBuilder(FactsOptions options);
  ~FactsBuilder();
  FactsBuilder(FactsBuilder&&) noexcept;
  FactsBuilder& operator=(FactsBuilder&&) noexcept;

  // `object` is a Kubernetes object with apiVersion and kind, and no List. Objects of
  // kinds that no rule knows count as read.
  void add(const model::Json& object, Origin origin = {});
  // The same for an object that does not say what it is, or says it is only metadata.
  void add(const model::Json& object, std::string_view api_version, std::string_view kind,
           Origin origin = {});
  // What was asked and answered in full; see Facts::complete.
  void set_complete(Kind kind);
  void set_now(Seconds now);
  void set_target(KubeVersion target);
  void set_server(KubeVersion server);

  // Sorts, links and hands over. The builder is empty afterwards.
  Facts finish();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::audit
