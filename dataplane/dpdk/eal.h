#pragma once
// DPDK's environment as an object: initialised in start(), cleaned up in the destructor. One a process.

#include <memory>
#include <string>

#include "base/result.h"
#include "dataplane/dpdk/start.h"

namespace sluice::dataplane::dpdk {

class Eal {
 public:
  // The calling thread becomes the main lcore; threads that exist already keep their CPUs.
  static base::Result<std::unique_ptr<Eal>> start(const EalOptions& options);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  bool has_hugepages() const { return has_hugepages_; }
  const std::string& command_line() const { return command_line_; }

 private:
  Eal(bool has_hugepages, std::string command_line)
      : has_hugepages_{has_hugepages}, command_line_{std::move(command_line)} {}
  bool has_hugepages_;
  std::string command_line_;
};

}  // namespace sluice::dataplane::dpdk
