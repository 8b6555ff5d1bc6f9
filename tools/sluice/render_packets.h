#pragma once
// Packets that were looked at, for people and programs. Pure functions; every text ends with a line end.

#include <string>

#include <google/protobuf/message.h>

#include "control/admin/admin.pb.h"

namespace sluice::cli {

std::string to_line(const admin::Frame& frame);          // About as tcpdump shows them.
std::string to_text(const admin::TracedPacket& packet);  // A few lines, and an empty one.
std::string to_json_line(const google::protobuf::Message& message);

std::string comment_of(const admin::Frame& frame);  // What a capture file says beside a frame.

}  // namespace sluice::cli
