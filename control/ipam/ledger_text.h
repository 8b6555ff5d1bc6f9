#pragma once
// The ledger's book as text: a JSON object a line (https://jsonlines.org), to be read and, at need, mended by people.
//
//   {"format": "sluice-ledger", "version": 1}
//   {"known_cluster": "edge"}
//   {"vip": "203.0.113.64", "state": "held", "cluster": "edge", "namespace": "ingress", "name": "nginx", "uid": "…",
//    "pool": "public", "since": 1767225600}            (in one line)
//   {"end": true}
//
// A known cluster is one that was read whole once. A Service that holds an address of each family has two lines.
// `since` is a unix time. The last line tells a whole file from one that was cut off. Reading is strict: what is not
// understood is an error with its line, never skipped, since the next writing would lose it.

#include <string>
#include <string_view>

#include "base/result.h"
#include "control/ipam/ledger_book.h"

namespace sluice::control::ipam {

std::string write_book(const LedgerBook& book);

// Errors are "FILE:LINE: what"; `file` is only for them.
base::Result<LedgerBook> read_book(std::string_view text, std::string_view file);

}  // namespace sluice::control::ipam
