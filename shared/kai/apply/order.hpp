// In which order objects are written and removed. Pure functions.
#pragma once

#include <kai/model/resource.hpp>

namespace kai::apply {

// What has to be there before the next stage can be accepted: definitions and namespaces
// before objects of their kinds and in them; classes before what names them.
enum class Stage { definitions, classes, rest };
inline constexpr Stage k_stages[] = {Stage::definitions, Stage::classes, Stage::rest};

Stage stage_of(const model::ObjectRef& ref);

// Within a stage: service accounts and configuration before the workloads that use them.
// Smaller comes first; removal goes the other way round.
int rank_of(const model::ObjectRef& ref);

}  // namespace kai::apply
