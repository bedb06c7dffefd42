// `gpu status` as people read it, and as a document. Pure functions.
#pragma once

#include "status.hpp"

#include <kai/model/json.hpp>
#include <kai/output/style.hpp>

#include <string>

namespace kai::gpu {

enum class Detail { normal, wide };

// The table of nodes; one line per node.
std::string status_table(const GpuStatus& status, Detail detail, const output::Palette& palette,
                         int width);
// Totals, then what is lost and why, then what could not be read.
std::string status_summary(const GpuStatus& status, const output::Palette& palette, int width);

// The body of a GPUStatus document.
model::Json status_json(const GpuStatus& status);

}  // namespace kai::gpu
