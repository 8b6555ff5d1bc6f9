#pragma once
// DPDK's environment as an object: initialised in start(), cleaned up in the destructor. One a process.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::dataplane::dpdk {

enum class HugepageUse { kAuto, kOn, kOff };

struct EalOptions {
  std::string file_prefix = "sluice";
  HugepageUse hugepages = HugepageUse::kAuto;
  unsigned memory_mb = 128;               // For packet buffers and rings.
  std::vector<unsigned> worker_cpus;      // One worker an entry.
  unsigned floating_workers = 0;          // Workers without a CPU of their own, used when worker_cpus is empty.
  std::vector<std::string> pci_devices;   // Addresses that may be probed; none: no PCI device is touched.
  std::vector<std::string> vdevs;         // "net_af_packet0,iface=wan"
  std::vector<std::string> extra_args;
};

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
