// The metric names of a PromQL expression.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// Names of series that `expression` selects, in order, each once. Label names, label
// values, functions and keywords are left out. Works on templates of an expression as
// well as on valid ones: what is no name is stepped over.
std::vector<std::string> metric_names(std::string_view expression);

}  // namespace kai::audit
