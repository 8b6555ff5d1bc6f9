#pragma once
// The ledger: the durable record of who holds which VIP, one file that one process owns.
//
// Kubernetes wipes a Service's status when its type changes, so our own record must say which VIP was whose. Every
// change is on disk when the call returns (durable_file.h); when a call fails, the book is as before. A file that is
// not understood is never written to: open() fails and says why. Control thread only; each store costs two fsyncs, so a
// reconciliation stores its whole plan at once.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "control/ipam/durable_file.h"
#include "control/ipam/ledger_book.h"

namespace sluice::control::ipam {

class Ledger {
 public:
  // Reads the file, or makes an empty one (its folder must be there). Takes the lock `path`.lock.
  static base::Result<Ledger> open(const std::string& path);

  const LedgerBook& book() const { return book_; }
  // Makes the given book the record. Does nothing if it is equal to the present one.
  base::Result<> store(LedgerBook book);

  // The same for single changes.
  base::Result<> hold(LedgerEntry entry);
  base::Result<> release(const Holder& holder, std::int64_t now);

  const LedgerEntry* find_by_holder(const Holder& holder) const { return book_.find_by_holder(holder); }
  const LedgerEntry* find_by_vip(const net::IpAddress& vip) const { return book_.find_by_vip(vip); }
  std::vector<LedgerEntry> entries() const { return book_.entries(); }

 private:
  Ledger(std::string path, FileLock lock) : path_{std::move(path)}, lock_{std::move(lock)} {}

  std::string path_;
  FileLock lock_;
  LedgerBook book_;
};

}  // namespace sluice::control::ipam
