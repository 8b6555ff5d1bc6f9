#include "control/ipam/ledger.h"

#include <string>
#include <utility>

#include "control/ipam/ledger_text.h"

namespace sluice::control::ipam {

base::Result<Ledger> Ledger::open(const std::string& path) {
  auto lock = FileLock::take(path + ".lock");
  if (!lock) return base::fail("ledger: " + lock.message());
  Ledger ledger{path, std::move(*lock)};

  auto text = read_whole_file(path);
  if (!text) return base::fail("ledger: " + text.message());
  if (!text->has_value()) {  // That it can be written had better turn out now than with the first Service.
    if (auto made = replace_file(path, write_book({})); !made) return base::fail("ledger: " + made.message());
    return ledger;
  }
  auto book = read_book(**text, path);
  if (!book) return base::fail("ledger: " + book.message() + " (the file is left as it is; mend it or move it away)");
  ledger.book_ = std::move(*book);
  return ledger;
}

base::Result<> Ledger::store(LedgerBook book) {
  if (book == book_) return {};
  const std::string text = write_book(book);
  if (const auto again = read_book(text, path_); !again) {  // Say, a name that is not UTF-8.
    return base::fail("ledger: not written, since it could not be read again: " + again.message());
  }
  if (auto written = replace_file(path_, text); !written) return base::fail("ledger: " + written.message());
  book_ = std::move(book);
  return {};
}

base::Result<> Ledger::hold(LedgerEntry entry) {
  LedgerBook next = book_;
  if (auto entered = next.hold(std::move(entry)); !entered) return entered;
  return store(std::move(next));
}

base::Result<> Ledger::release(const Holder& holder, std::int64_t now) {
  LedgerBook next = book_;
  next.release(holder, now);
  return store(std::move(next));
}

}  // namespace sluice::control::ipam
