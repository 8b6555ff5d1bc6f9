// seeds FOLDER: writes what fuzzers begin with, a folder a target. The packets and scripts are
// those of the packet cases, the configuration is the sample; what stands in tests/fuzz/seeds comes to that.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/cases/case.h"
#include "tests/fuzz/script.h"
#include "tests/packets/mutator.h"

namespace sluice::fuzz {
namespace {

using packets::Bytes;

void write(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream file{path, std::ios::binary};
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::filesystem::path folder_of(const std::filesystem::path& root, const char* target) {
  std::filesystem::create_directories(root / target);
  return root / target;
}

std::string numbered(std::size_t number) { return "case-" + std::to_string(number); }

void write_frames(const std::filesystem::path& folder) {
  std::size_t number = 0;
  for (const Bytes& frame : packets::frames_of_all_cases()) write(folder / numbered(number++), frame);
}

// One act cannot both wait and publish: its value means one of them. Then an empty frame waits first.
void append_step(Bytes& script, const cases::Step& step) {
  Act act;
  if (step.port == cases::kLan) act.control |= Act::kAtLan;
  if (step.seconds_later > 0) {
    append(script, {.control = Act::kWait, .value = 0xff, .frame = {}});
  }
  if (step.publish) {
    act.control |= Act::kPublish;
    act.value = value_of(*step.publish);
  }
  const bool is_answer = step.raw_in.empty() && step.in.destination == cases::kLearned;
  const bool is_error = is_answer && !step.in.quoted.empty();
  if (is_answer) act.control |= is_error ? Act::kError : Act::kAnswer;
  const auto first_byte = is_error ? static_cast<std::uint8_t>(step.in.quoted_max) : step.in.tcp_flags;
  act.frame = is_answer ? Bytes{first_byte} : step.raw_in.empty() ? cases::bytes_of(step.in) : step.raw_in;
  if (is_answer && step.in.part) {
    const std::size_t word = step.in.part->begin / 8 | (step.in.part->more_follow ? 0x2000U : 0U);
    act.frame.insert(act.frame.end(), {static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word)});
  }
  append(script, act);
}

void write_scripts(const std::filesystem::path& folder) {
  std::size_t number = 0;
  for (const cases::Case& one : cases::all_cases()) {
    Bytes script;
    for (const cases::Step& step : one.steps) append_step(script, step);
    write(folder / numbered(number++), script);
  }
}

}  // namespace
}  // namespace sluice::fuzz

int main(int argument_count, char** arguments) {
  using namespace sluice::fuzz;
  if (argument_count != 2) {
    std::cerr << "usage: seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path root{arguments[1]};
  write_frames(folder_of(root, "parse"));
  write_scripts(folder_of(root, "pipeline"));
  std::filesystem::copy_file(SAMPLE_YAML, folder_of(root, "conf") / "sample.yaml",
                             std::filesystem::copy_options::overwrite_existing);
  return 0;
}
