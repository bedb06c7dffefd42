// What `policy test` prints: its answer as text and as a document. Pure functions.
#pragma once

#include <kai/model/json.hpp>
#include <kai/model/network_reach.hpp>
#include <kai/output/style.hpp>

#include <string>
#include <vector>

namespace kai::policy {

struct Verdict {
  model::Flow flow;
  model::Reach reach;
  std::vector<model::NetworkPolicy> policies;  // those that `reach` was judged by
  std::vector<std::string> notes;              // doubts among them; see doubt_notes()
};

// What the answer depends on beyond the API: one sentence for each doubt.
std::vector<std::string> doubt_notes(const model::Reach& reach);

// Lines of at most `width` cells; 0 never breaks.
std::string verdict_text(const Verdict& verdict, const output::Palette& palette, int width);
// The body of a NetworkPolicyTest.
model::Json verdict_json(const Verdict& verdict);

}  // namespace kai::policy
