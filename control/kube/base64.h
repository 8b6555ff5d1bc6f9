#pragma once
// Base64 (RFC 4648, section 4), as kubeconfigs carry certificates.

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::control::kube {

base::Result<std::string> decode_base64(std::string_view text);  // Blanks and newlines between are skipped.

}  // namespace sluice::control::kube
