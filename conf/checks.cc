#include "conf/checks.h"

#include <cctype>

#include "net/address.h"

namespace sluice::conf {

void expect_within(Bounds bounds, unsigned value, Findings& findings, const std::string& path) {
  if (value >= bounds.first && value <= bounds.last) return;
  findings.add(path, "expected " + std::to_string(bounds.first) + " to " + std::to_string(bounds.last) + ", got " +
                         std::to_string(value));
}

void expect_name(std::string_view name, Findings& findings, const std::string& path) {
  if (name.empty()) return findings.add(path, "a name is missing");
  if (name.size() > 63) return findings.add(path, "a name has at most 63 characters");
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_' && c != '.') {
      return findings.add(path, "expected letters, digits, '-', '_' and '.', got '" + std::string{name} + "'");
    }
  }
}

void expect_address(const std::string& text, Findings& findings, const std::string& path) {
  if (net::IpAddress::parse(text)) return;
  findings.add(path, "expected an address like 192.0.2.1 or 2001:db8::1, got '" + text + "'");
}

bool Unique::add(const std::string& value, const std::string& path) {
  if (value.empty()) return true;
  const auto [found, is_new] = first_.emplace(value, path);
  if (!is_new) findings_->add(path, "'" + value + "' is used at " + found->second + " already");
  return is_new;
}

}  // namespace sluice::conf
