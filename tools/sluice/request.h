#pragma once
// The question that a command asks. Errors are sentences about what was typed.

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/admin/admin.pb.h"

namespace sluice::cli {

// What can be asked, in the words that ask it: "show services", …, "explain flow".
const std::vector<std::string>& commands();

// The command that `words` start with, such as "show flows". Guesses at what was meant when there is none.
base::Result<std::string> find_command(const std::vector<std::string>& words);

// `operands`: the words behind the command. `filters`: options of `show flows` by name, such as "client".
base::Result<admin::Request> make_request(const std::string& command, const std::vector<std::string>& operands,
                                          const std::map<std::string, std::string>& filters);

// What `show drops --recent` asks: `operands` name a verdict, or none.
base::Result<admin::Request> recent_drops(const std::vector<std::string>& operands);

// Decimal digits alone, at most `maximum`.
base::Result<std::uint32_t> parse_number(const std::string& text, std::uint32_t maximum);

}  // namespace sluice::cli
