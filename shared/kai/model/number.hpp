// Numbers between text and JSON, as Go's encoders and decoders treat them on the way
// of an object through kubectl. Internal to the layer. Pure functions.
#pragma once

#include <kai/model/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace kai::model {

// A decimal floating-point number, rounded to nearest; too small is zero. nullopt when
// it is too large or the text is no such number. Takes "1." and ".5", and a sign.
std::optional<double> parse_double(std::string_view text);

// The text that Go's encoding/json writes for a finite number: the shortest digits that
// read back the same, with an exponent below 1e-6 and from 1e21 on.
std::string double_text(double number);

// Go's FormatFloat(number, 'g', -1, 32): the shortest digits of the nearest float, with
// an exponent below 1e-4 and from 1e6 on. Takes numbers that are finite as a float.
std::string float_text(double number);

// The value that kubectl ends up with for a number it has once held as a float: an
// integer wherever Go's text for it is one that fits in int64 (1.0 is 1, 1e3 is 1000).
Json number_value(double number);

}  // namespace kai::model
