#pragma once
// Small files of credentials, read whole.

#include <string>

#include "base/result.h"

namespace sluice::control::kube {

base::Result<std::string> read_file(const std::string& path);  // Refuses more than 1 MiB: that is no credential.

}  // namespace sluice::control::kube
