#include "base/log.h"

#include <string>

#include <spdlog/sinks/stdout_sinks.h>

namespace sluice::base {

void start_log(std::string_view level) {
  auto logger = spdlog::stderr_logger_mt("sluiced");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  logger->flush_on(spdlog::level::info);
  const auto parsed = spdlog::level::from_str(std::string{level});
  // from_str answers "off" for a word it does not know: a daemon without a log is never what was meant.
  logger->set_level(parsed == spdlog::level::off ? spdlog::level::info : parsed);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace sluice::base
