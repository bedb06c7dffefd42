// Label selectors, of the command line and of objects: what is read can be written, read
// again, and matches the same labels.
#include "property.hpp"

#include <kai/model/selector.hpp>

namespace {

using namespace kai;
using fuzz::hold;
using model::Labels;
using model::LabelSelector;

// Labels that the selector is likely to tell apart.
std::vector<Labels> labels_near(const LabelSelector& selector) {
  std::vector<Labels> all = {{}, {{"app", "web"}}};
  Labels first;
  Labels last;
  for (const auto& requirement : selector.requirements()) {
    const bool valued = !requirement.values.empty();
    first[requirement.key] = valued ? requirement.values.front() : "";
    last[requirement.key] = valued ? requirement.values.back() : "1";
    all.push_back({{requirement.key, valued ? requirement.values.front() : "x"}});
  }
  all.push_back(std::move(first));
  all.push_back(std::move(last));
  return all;
}

bool meets(const LabelSelector::Requirement& requirement, const Labels& labels) {
  using Operator = LabelSelector::Operator;
  const auto label = labels.find(requirement.key);
  const bool there = label != labels.end();
  const auto listed = [&] {
    for (const std::string& value : requirement.values) {
      if (value == label->second) return true;
    }
    return false;
  };
  switch (requirement.op) {
    case Operator::in:
    case Operator::equals: return there && listed();
    case Operator::not_in:
    case Operator::not_equals: return !there || !listed();
    case Operator::exists: return there;
    case Operator::does_not_exist: return !there;
    default: return there;  // a comparison can only be met by a label that is there
  }
}

void hold_reads_again(const LabelSelector& selector) {
  const std::string text = selector.to_string();
  const auto again = LabelSelector::parse(text);
  hold(again.has_value(), "what to_string() writes can be read", text);
  hold(again->requirements().size() == selector.requirements().size(),
       "no requirement is lost or added", text);
  for (const Labels& labels : labels_near(selector)) {
    const bool matches = selector.matches(labels);
    hold(again->matches(labels) == matches, "it matches the same labels", text);
    bool all = true;
    for (const auto& requirement : selector.requirements()) {
      all = all && meets(requirement, labels);
    }
    hold(!matches || all, "a match meets every requirement", text);
  }
  hold(selector.empty() == text.empty(), "only the empty selector has no text", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto selector = LabelSelector::parse(text);
  if (selector) {
    hold_reads_again(*selector);
    const std::string canonical = selector->to_string();
    hold(LabelSelector::parse(canonical)->to_string() == canonical, "the text is canonical",
         canonical);
  } else {
    hold(selector.error().code == ErrorCode::invalid_input, "bad input is invalid_input");
    hold(selector.error().message.find(", column ") != std::string::npos, "an error has a column",
         selector.error().message);
  }
  if (const auto object = model::parse_json(text); object && !object->is_null()) {
    if (const auto from_json = LabelSelector::from_json(*object)) hold_reads_again(*from_json);
  }
  return 0;
}
