#include "control/ipam/ledger_text.h"

#include <array>
#include <cstdio>
#include <optional>

#include <simdjson.h>

namespace sluice::control::ipam {
namespace {

constexpr std::string_view kFormat = "sluice-ledger";
constexpr std::int64_t kVersion = 1;

std::string quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
      result += escape.data();
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string write_entry(const LedgerEntry& entry) {
  std::string line = "{\"vip\": " + quote(entry.vip.to_string());
  line += ", \"state\": " + quote(to_string(entry.state));
  line += ", \"cluster\": " + quote(entry.service.cluster);
  line += ", \"namespace\": " + quote(entry.service.name_space);
  line += ", \"name\": " + quote(entry.service.name);
  line += ", \"uid\": " + quote(entry.uid);
  line += ", \"pool\": " + quote(entry.pool);
  line += ", \"since\": " + std::to_string(entry.since);
  return line + "}\n";
}

std::string field_error(std::string_view key, std::string_view problem) {
  return "field '" + std::string{key} + "' " + std::string{problem};
}

// Takes the fields of one entry, one after the other, each exactly once.
class EntryReader {
 public:
  base::Result<LedgerEntry> read(simdjson::dom::object object) {
    for (const auto field : object) {
      if (auto taken = take(field.key, field.value); !taken) return base::fail(taken.message());
    }
    if (!entry_.vip || !state_ || !since_) return base::fail("an entry needs the fields 'vip', 'state' and 'since'");
    for (const std::string_view key : {"cluster", "namespace", "name"}) {
      if (text(key)->empty()) return base::fail(field_error(key, "is missing or empty"));
    }
    return LedgerEntry{.service = entry_.service,
                       .uid = entry_.uid,
                       .vip = *entry_.vip,
                       .pool = entry_.pool,
                       .since = *since_,
                       .state = *state_};
  }

 private:
  struct Fields {
    ServiceName service;
    std::string uid;
    std::string pool;
    std::optional<net::IpAddress> vip;
  };

  std::string* text(std::string_view key) {
    if (key == "cluster") return &entry_.service.cluster;
    if (key == "namespace") return &entry_.service.name_space;
    if (key == "name") return &entry_.service.name;
    if (key == "uid") return &entry_.uid;
    if (key == "pool") return &entry_.pool;
    return nullptr;
  }

  base::Result<> take(std::string_view key, simdjson::dom::element value) {
    if (key == "since") {
      std::int64_t seconds = 0;
      if (value.get(seconds) != simdjson::SUCCESS) return base::fail(field_error(key, "is not a whole number"));
      since_ = seconds;
      return {};
    }
    std::string_view content;
    if (value.get(content) != simdjson::SUCCESS) return base::fail(field_error(key, "is not text"));
    if (key == "vip") return take_vip(content);
    if (key == "state") return take_state(content);
    std::string* target = text(key);
    if (target == nullptr) return base::fail(field_error(key, "is unknown"));
    *target = std::string{content};
    return {};
  }

  base::Result<> take_vip(std::string_view content) {
    const auto vip = net::IpAddress::parse(content);
    if (!vip) return base::fail(field_error("vip", "is wrong: " + vip.message()));
    entry_.vip = *vip;
    return {};
  }

  base::Result<> take_state(std::string_view content) {
    for (const HoldState state : {HoldState::kHeld, HoldState::kReleased}) {
      if (content == to_string(state)) state_ = state;
    }
    if (!state_) return base::fail(field_error("state", "is neither 'held' nor 'released'"));
    return {};
  }

  Fields entry_;
  std::optional<HoldState> state_;
  std::optional<std::int64_t> since_;
};

class BookReader {
 public:
  // One line, from the first on.
  base::Result<> take(std::string_view line) {
    if (ended_) return base::fail("something follows the end line");
    simdjson::dom::object object;
    if (const auto error = parser_.parse(simdjson::padded_string{line}).get(object); error != simdjson::SUCCESS) {
      return base::fail(std::string{"is not a JSON object: "} + simdjson::error_message(error));
    }
    if (!started_) return take_header(object);
    bool end = false;
    if (object["end"].get(end) == simdjson::SUCCESS && end && object.size() == 1) {
      ended_ = true;
      return {};
    }
    std::string_view cluster;
    if (object["known_cluster"].get(cluster) == simdjson::SUCCESS && !cluster.empty() && object.size() == 1) {
      book_.know(std::string{cluster});
      return {};
    }
    return take_entry(object);
  }

  base::Result<LedgerBook> finish() {
    if (!started_) return base::fail("the file is empty");
    if (!ended_) return base::fail("the end line is missing: the file was cut off");
    return std::move(book_);
  }

 private:
  base::Result<> take_header(simdjson::dom::object object) {
    std::string_view format;
    std::int64_t version = 0;
    if (object["format"].get(format) != simdjson::SUCCESS || format != kFormat) {
      return base::fail("is not a ledger: expected {\"format\": \"sluice-ledger\", …}");
    }
    if (object["version"].get(version) != simdjson::SUCCESS || version != kVersion) {
      return base::fail("is of another version than 1, which is all that this program understands");
    }
    started_ = true;
    return {};
  }

  base::Result<> take_entry(simdjson::dom::object object) {
    auto entry = EntryReader{}.read(object);
    if (!entry) return base::fail(entry.message());
    if (book_.addresses().contains(entry->vip)) return base::fail(entry->vip.to_string() + " is listed twice");
    if (entry->state == HoldState::kReleased) {
      book_.remember(std::move(*entry));
      return {};
    }
    const Holder holder = entry->holder();
    if (book_.find_by_holder(holder) != nullptr) {
      return base::fail(holder.service.to_string() + " holds two " + std::string{to_string(holder.family)} +
                        " addresses");
    }
    return book_.hold(std::move(*entry));
  }

  simdjson::dom::parser parser_;
  LedgerBook book_;
  bool started_ = false;
  bool ended_ = false;
};

std::string place(std::string_view file, std::size_t line) {
  return std::string{file} + ":" + std::to_string(line) + ": ";
}

}  // namespace

std::string write_book(const LedgerBook& book) {
  std::string text = "{\"format\": " + quote(kFormat) + ", \"version\": " + std::to_string(kVersion) + "}\n";
  for (const auto& cluster : book.clusters()) text += "{\"known_cluster\": " + quote(cluster) + "}\n";
  for (const LedgerEntry& entry : book.entries()) text += write_entry(entry);
  return text + "{\"end\": true}\n";
}

base::Result<LedgerBook> read_book(std::string_view text, std::string_view file) {
  BookReader reader;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (const auto taken = reader.take(line); !taken) return base::fail(place(file, number) + taken.message());
  }
  auto book = reader.finish();
  if (!book) return base::fail(place(file, std::max<std::size_t>(number, 1)) + book.message());
  return book;
}

}  // namespace sluice::control::ipam
