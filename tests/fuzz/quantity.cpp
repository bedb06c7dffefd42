// Quantity: two of them, one on each line of the input. The canonical form reads back as the
// same amount, and comparing, adding and rounding agree with each other.
#include "property.hpp"

#include <kai/model/quantity.hpp>

#include <limits>
#include <optional>

namespace {

using namespace kai;
using fuzz::hold;
using model::Quantity;

std::optional<Quantity> parse(std::string_view text) {
  const auto parsed = Quantity::parse(text);
  const auto from_json = Quantity::from_json(std::string(text));
  if (!parsed) {
    hold(parsed.error().code == ErrorCode::invalid_input, "bad input is invalid_input");
    return std::nullopt;
  }
  hold(from_json.has_value() && *from_json == *parsed, "a field of an object is read the same");
  return *parsed;
}

void alone(const Quantity& quantity) {
  const std::string text = quantity.to_string();
  const auto again = Quantity::parse(text);
  hold(again.has_value(), "the canonical form can be read", text);
  hold(*again == quantity, "the canonical form is the same amount", text);
  // A binary amount that is no multiple of 1024 has no suffix, and reads back as a decimal one.
  if (again->format() == quantity.format()) {
    hold(again->to_string() == text, "the canonical form is canonical", text);
  }
  hold(again->value() == quantity.value(), "and has the same value", text);
  hold(again->milli_value() == quantity.milli_value(), "and the same thousandths", text);
  hold(quantity.is_zero() == (text == "0"), "only zero is 0", text);
  const Quantity zero;
  hold(quantity.is_zero() == (quantity == zero), "zero is zero", text);
  hold((quantity.value() > 0) == (quantity > zero), "rounding keeps the sign", text);
  hold((quantity.milli_value() < 0) == (quantity < zero), "rounding keeps the sign", text);
  hold((quantity - quantity).is_zero(), "nothing is left", text);
  constexpr auto k_max = std::numeric_limits<std::int64_t>::max();
  if (quantity.is_whole() && quantity.value() < k_max && quantity.value() > -k_max) {
    hold(Quantity::of(quantity.value()) == quantity, "a whole amount is its value", text);
  }
}

// Whose sums are far from the limit: as in Kubernetes, a sum of binary amounts may go beyond
// it, and is cut back when it is read again.
bool is_small(const Quantity& quantity) {
  constexpr std::int64_t k_bound = std::int64_t{1} << 62;
  return quantity < Quantity::of(k_bound) && quantity > Quantity::of(-k_bound);
}

void together(const Quantity& a, const Quantity& b) {
  const std::string texts = a.to_string() + " and " + b.to_string();
  const auto order = a <=> b;
  hold((order < 0) == (b > a) && (order == 0) == (b == a), "order goes both ways", texts);
  if (order < 0) {
    hold(a.value() <= b.value() && a.milli_value() <= b.milli_value(), "rounding keeps the order",
         texts);
  }
  hold(a + b == b + a, "a sum does not depend on the order", texts);
  hold((a - b < Quantity()) == (order < 0), "a difference has the sign of the order", texts);
  if (is_small(a) && is_small(b)) {
    hold(a + b - b == a, "what is added can be taken away", texts);
    alone(a + b);
    alone(a - b);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t end = text.find('\n');
  const auto a = parse(text.substr(0, end));
  if (a) alone(*a);
  if (end == std::string_view::npos) return 0;
  const auto b = parse(text.substr(end + 1));
  if (b) alone(*b);
  if (a && b) together(*a, *b);
  return 0;
}
