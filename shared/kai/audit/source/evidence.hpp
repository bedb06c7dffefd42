// Evidence: what a source hands to the engine.
#pragma once

#include <kai/audit/engine.hpp>
#include <kai/audit/facts/facts.hpp>

#include <vector>

namespace kai::audit {

struct Evidence {
  Facts facts;
  std::vector<Gap> gaps;  // what could not be read
};

}  // namespace kai::audit
