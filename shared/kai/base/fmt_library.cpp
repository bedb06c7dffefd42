// libfmt's compiled part, built once into kai_core. Debian ships it only as a shared
// library, which loads a second libstdc++ at start (a millisecond), and the header-only
// form costs every file that formats something three seconds of compilation.
#include <fmt/format-inl.h>

#ifndef FMT_HEADER_ONLY

FMT_BEGIN_NAMESPACE
namespace detail {

// What <fmt/format.h> declares and leaves to the library.
template FMT_API auto dragonbox::to_decimal(float value) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double value) noexcept -> dragonbox::decimal_fp<double>;
template FMT_API void buffer<char>::append(const char* begin, const char* end);
template FMT_API void vformat_to(buffer<char>& out, string_view text,
                                 basic_format_args<FMT_BUFFER_CONTEXT(char)> arguments,
                                 locale_ref locale);
template FMT_API auto thousands_sep_impl(locale_ref locale) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl(locale_ref locale) -> char;
template FMT_API locale_ref::locale_ref(const std::locale& locale);
template FMT_API auto locale_ref::get<std::locale>() const -> std::locale;

}  // namespace detail
FMT_END_NAMESPACE

#endif
