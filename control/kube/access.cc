#include "control/kube/access.h"

#include "control/kube/file.h"

namespace sluice::control::kube {

base::Result<std::string> Access::bearer_token() const {
  if (token_file.empty()) return token;
  auto text = read_file(token_file);
  if (!text) return base::fail("token file: " + text.message());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) text->pop_back();
  if (text->empty()) return base::fail("token file: " + token_file + " is empty");
  // It becomes a header: nothing in it may end the line.
  if (text->find_first_of("\r\n") != std::string::npos) {
    return base::fail("token file: " + token_file + " has more than one line");
  }
  return *text;
}

}  // namespace sluice::control::kube
