// What is done to one node: labels by server-side apply, the taint by a guarded edit.
// Pure functions over the node as the API server has it.
//
// A node is never ours; we own single fields of it. Labels are found again by our field
// manager. For taints, which have no owner each, an annotation says which ones we added,
// and what we replaced when told to take fields over; it changes in the same write as
// the taints, so that it cannot say anything untrue.
#pragma once

#include <kai/apply/step.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/selector.hpp>
#include <kai/model/taint.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::gpu {

inline constexpr std::string_view k_record_annotation = "kubectl-ai/gpu";

// The annotation's content.
struct NodeRecord {
  std::vector<model::Taint> taints;           // that we added
  std::vector<model::Taint> replaced_taints;  // that ours took the place of
  std::map<std::string, std::string> replaced_labels;

  // What cannot be read counts as empty: then nothing is taken for ours.
  static NodeRecord parse(std::string_view annotation);
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool empty() const;
  bool operator==(const NodeRecord&) const = default;
};

// How a taint of the same key and effect that is there already, with another value, is
// seen: as doing the job, or as in the way.
enum class ExistingTaint { accept, conflict };

struct NodeWish {
  model::Labels labels;
  std::optional<model::Taint> taint;
  ExistingTaint existing_taint = ExistingTaint::accept;
  kube::Force force = kube::Force::no;
};

// The steps that make `node` as wished; empty when it already is and nothing of it is
// ours. Labels that are there with the wished value and belong to someone else stay his.
std::vector<apply::Step> setup_steps(const model::Resource& node, const NodeWish& wish);

// The steps that take back everything of ours; empty when there is nothing.
std::vector<apply::Step> undo_steps(const model::Resource& node);

// The edits behind the steps, for tests: the merge patch, nullopt when nothing is to be
// done; an error (conflict, with causes) when someone else is in the way.
Result<std::optional<model::Json>> edit_for_setup(const model::Resource& node,
                                                  const NodeWish& wish);
Result<std::optional<model::Json>> edit_for_undo(const model::Resource& node);

// The taint of ours that would newly be on the node; nullopt when it is there already or
// is not wished.
std::optional<model::Taint> new_taint(const std::vector<model::Taint>& present,
                                      const NodeWish& wish);

}  // namespace kai::gpu
