// Result<T>: a value or an Error. Functions that can fail return it; exceptions
// of other libraries are caught in the file that wraps the library.
#pragma once

#include <kai/base/error.hpp>
#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace kai {

template <class T = void>
using Result = tl::expected<T, Error>;

// Failure to return from a function whose type is Result<anything>.
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error(code, std::move(message)));
}

}  // namespace kai

// KAI_TRY(expression): leaves the function with the expression's error, if it has one.
#define KAI_TRY(expression)                                                        \
  do {                                                                             \
    auto kai_try_result = (expression);                                            \
    if (!kai_try_result) return tl::unexpected(std::move(kai_try_result).error()); \
  } while (false)

#define KAI_TRY_CONCAT_(a, b) a##b
#define KAI_TRY_NAME_(line) KAI_TRY_CONCAT_(kai_try_result_, line)
#define KAI_TRY_ASSIGN_(name, target, expression)            \
  auto name = (expression);                                  \
  if (!name) return tl::unexpected(std::move(name).error()); \
  target = *std::move(name)

// KAI_TRY_ASSIGN(auto node, client.get(...)): the value, or leaves with the error.
#define KAI_TRY_ASSIGN(target, ...) KAI_TRY_ASSIGN_(KAI_TRY_NAME_(__LINE__), target, (__VA_ARGS__))
