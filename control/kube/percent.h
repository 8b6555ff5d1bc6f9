#pragma once
// Percent-encoding (RFC 3986) of what is put into a path segment or a query: names, continue tokens, versions.

#include <string>
#include <string_view>

namespace sluice::control::kube {

std::string percent_encode(std::string_view text);  // All but letters, digits and -._~

}  // namespace sluice::control::kube
