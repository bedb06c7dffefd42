#include <kai/apply/step.hpp>

namespace kai::apply {

model::ObjectRef ref_of(const Step& step) {
  if (const auto* config = std::get_if<ApplyConfig>(&step.action)) return config->config.ref();
  if (const auto* edit = std::get_if<GuardedEdit>(&step.action)) return edit->ref;
  return std::get<Remove>(step.action).ref;
}

}  // namespace kai::apply
