#pragma once
// What `sluice capture` and `sluice trace` ask.

#include <map>
#include <string>

#include "base/result.h"
#include "control/admin/admin.pb.h"

namespace sluice::cli {

using PacketOptions = std::multimap<std::string, std::string>;  // By name, such as "client"; a verdict may come often.

base::Result<admin::Request> packet_request(const std::string& command, const PacketOptions& options);

}  // namespace sluice::cli
