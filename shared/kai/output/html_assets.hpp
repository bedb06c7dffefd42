// The style and the script of the HTML report. Data only.
#pragma once

#include <string_view>

namespace kai::output {

extern const std::string_view k_html_style;
extern const std::string_view k_html_script;

}  // namespace kai::output
