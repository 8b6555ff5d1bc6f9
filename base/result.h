#pragma once
// Result<T>: a value, or a sentence that says what went wrong.
//
// For wrong input and failed calls (wrong packets are verdicts, wrong programs are asserts). The sentence names its
// subject, so that it can be shown to an operator as it is. Never ignore a Result: the compiler refuses it.

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace sluice::base {

struct Error {
  std::string message;
};

template <typename T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  const std::string& message() const { return this->error().message; }
};

using Failure = tl::unexpected<Error>;

// The error side of any Result: `return fail("pool '" + name + "': no address left");`
inline Failure fail(std::string message) { return Failure{Error{std::move(message)}}; }

// The same with the text of errno behind it: "open /run/x: No such file or directory".
inline Failure fail_errno(std::string_view what, int error = errno) {
  return fail(std::string{what} + ": " + std::strerror(error));
}

}  // namespace sluice::base
