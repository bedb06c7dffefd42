#include <kai/model/cidr.hpp>

#include <arpa/inet.h>

#include <charconv>

namespace kai::model {

Result<Cidr> Cidr::parse_address(std::string_view text) {
  Cidr block;
  block.m_text = text;
  block.m_is_v6 = text.find(':') != std::string_view::npos;
  block.m_prefix = block.m_is_v6 ? 128 : 32;
  // A NUL would end the text for inet_pton.
  if (text.find('\0') != std::string_view::npos ||
      inet_pton(block.m_is_v6 ? AF_INET6 : AF_INET, block.m_text.c_str(), block.m_address.data()) !=
          1) {
    return fail(ErrorCode::invalid_input, "\"" + block.m_text + "\" is no IP address");
  }
  return block;
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto malformed = [text](const std::string& why) {
    return fail(ErrorCode::invalid_input, "\"" + std::string(text) + "\" is no CIDR: " + why);
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    const auto address = parse_address(text);
    if (!address) return malformed("write it as 10.0.0.0/8");
    return malformed("for one address write " + std::string(text) +
                     (address->m_is_v6 ? "/128" : "/32"));
  }
  auto block = parse_address(text.substr(0, slash));
  if (!block) return malformed(block.error().message);
  const std::string_view digits = text.substr(slash + 1);
  int prefix = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  const int most = block->m_prefix;
  if (digits.empty() || digits.front() == '-' || parsed.ec != std::errc() ||
      parsed.ptr != digits.data() + digits.size() || prefix > most) {
    return malformed("behind the slash stands a number from 0 to " + std::to_string(most));
  }
  block->m_prefix = prefix;
  block->m_text = text;
  return block;
}

bool Cidr::contains(const Cidr& other) const {
  if (m_is_v6 != other.m_is_v6 || other.m_prefix < m_prefix) return false;
  int bits = m_prefix;
  for (std::size_t i = 0; bits > 0; ++i, bits -= 8) {
    const unsigned mask = bits >= 8 ? 0xffU : 0xffU & (0xff00U >> static_cast<unsigned>(bits));
    if (((m_address.at(i) ^ other.m_address.at(i)) & mask) != 0) return false;
  }
  return true;
}

}  // namespace kai::model
