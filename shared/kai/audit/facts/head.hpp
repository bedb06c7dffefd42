// Head: what all objects have. A plain value that points into a TextStore.
#pragma once

#include <kai/audit/facts/text.hpp>
#include <kai/audit/finding.hpp>
#include <kai/model/resource.hpp>

#include <cstdint>

namespace kai::audit {

// Whole seconds since 1970; 0: unknown.
using Seconds = std::int64_t;

struct Head {
  Text api_version;
  Text kind;
  Text ns;
  Text name;
  Origin origin;
  Seconds created = 0;
  const LabelSet* labels = nullptr;  // never null once built
  bool owned = false;                // has an owner reference
  bool deleting = false;

  [[nodiscard]] model::ObjectRef ref() const;
};

}  // namespace kai::audit
