#pragma once
// The question that a command asks. Errors are sentences about what was typed.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/admin/admin.pb.h"
#include "net/endpoint.h"

namespace sluice::cli {

// What can be asked, in the words that ask it: "show services", …, "explain flow", "capture", "trace".
const std::vector<std::string>& commands();

// The command that `words` start with, such as "show flows". Guesses at what was meant when there is none.
base::Result<std::string> find_command(const std::vector<std::string>& words);

// `operands`: the words behind the command. `filters`: options of `show flows` by name, such as "client".
base::Result<admin::Request> make_request(const std::string& command, const std::vector<std::string>& operands,
                                          const std::map<std::string, std::string>& filters);

// What `show drops --recent` asks: `operands` name a verdict, or none.
base::Result<admin::Request> recent_drops(const std::vector<std::string>& operands);

// Whether it goes on for a while: "capture", "trace". See packet_request.h.
bool looks_at_packets(std::string_view command);

// Sets client or VIP, as `option` says.
void set_endpoint(const std::string& option, const net::Endpoint& endpoint, admin::FlowFilter& filter);

// Decimal digits alone, at most `maximum`.
base::Result<std::uint32_t> parse_number(const std::string& text, std::uint32_t maximum);

}  // namespace sluice::cli
