#include "tools/sluice/look.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "control/admin/client.h"
#include "control/version.h"
#include "tools/sluice/pcapng.h"
#include "tools/sluice/render_packets.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

using control::admin::Next;

constexpr int kDone = 0, kNoAnswer = 1, kUsage = 2;

volatile sig_atomic_t is_interrupted = 0;

// Without SA_RESTART: the socket's read shall return.
void stop_at_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { is_interrupted = 1; };
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // A reader that has seen enough.
}

void say(const std::string& sentence) { std::fprintf(stderr, "sluice: %s\n", printable(sentence).c_str()); }

enum class Form { kPcapng, kText, kJson };

class Looking {
 public:
  Looking(std::FILE* out, Form form) : out_{out}, form_{form} {}

  Next take(const admin::Response& response) {
    if (response.has_captured()) take(response.captured());
    if (response.has_traced()) take(response.traced());
    const bool is_writable = std::fflush(out_) == 0 && std::ferror(out_) == 0;
    has_failed_ = !is_writable;
    return is_writable && is_interrupted == 0 ? Next::kGoOn : Next::kStop;
  }

  bool has_failed() const { return has_failed_; }
  bool has_begun() const { return has_begun_; }
  void tell_end(std::string_view noun) const {
    std::string sentence = std::to_string(count_) + " " + std::string{noun} + (count_ == 1 ? "" : "s") + ", " +
                           std::to_string(lost_) + " lost because the ring was full";
    say(ended_.empty() ? sentence : sentence + "; " + ended_);
  }

 private:
  void take(const admin::Captured& captured) {
    lost_ = captured.lost();
    ended_ = captured.ended();
    if (captured.ports_size() > 0) begin(captured);
    for (const auto& frame : captured.frames()) {
      ++count_;
      write(frame);
    }
  }

  void take(const admin::Traced& traced) {
    lost_ = traced.lost();
    ended_ = traced.ended();
    if (!has_begun_) say("tracing; Ctrl-C ends it");
    has_begun_ = true;
    for (const auto& packet : traced.packets()) {
      ++count_;
      print(form_ == Form::kJson ? to_json_line(packet) : to_text(packet));
    }
  }

  void begin(const admin::Captured& captured) {
    has_begun_ = true;
    for (const auto& port : captured.ports()) ports_.push_back(port.name());
    if (form_ == Form::kPcapng) {
      print(pcapng::section_header("sluice " + std::string{kVersion}));
      for (const auto& port : captured.ports()) print(pcapng::interface_description(port.name(), port.snaplen()));
    }
    say("capturing; Ctrl-C ends it");
  }

  void write(const admin::Frame& frame) {
    if (form_ == Form::kText) return print(to_line(frame));
    if (form_ == Form::kJson) return print(to_json_line(frame));
    const std::string comment = comment_of(frame);
    print(pcapng::enhanced_packet(
        {.interface = number_of(frame.port()),
         .time_ns = frame.time_ns(),
         .length = frame.length(),
         .direction = frame.direction() == "in" ? pcapng::Direction::kInbound : pcapng::Direction::kOutbound,
         .bytes = frame.bytes(),
         .comment = comment}));
  }

  std::uint32_t number_of(const std::string& port) const {
    for (std::uint32_t number = 0; number < ports_.size(); ++number) {
      if (ports_[number] == port) return number;
    }
    return 0;
  }

  void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), out_); }

  std::FILE* out_;
  Form form_;
  std::vector<std::string> ports_;
  std::uint64_t count_ = 0, lost_ = 0;
  std::string ended_;
  bool has_begun_ = false;
  bool has_failed_ = false;
};

// What was not asked for otherwise goes to a terminal as text, and to anything else as a file's bytes.
Form form_of(const CommandLine& line) {
  if (line.style.output == Output::kJson) return Form::kJson;
  const bool is_trace = line.request.has_trace_packets();
  if (is_trace || line.is_output_named) return Form::kText;
  return line.file || ::isatty(STDOUT_FILENO) == 0 ? Form::kPcapng : Form::kText;
}

}  // namespace

int look_at_packets(const CommandLine& line) {
  const Form form = form_of(line);
  const bool is_to_stdout = !line.file || *line.file == "-";
  if (form == Form::kPcapng && is_to_stdout && ::isatty(STDOUT_FILENO) == 1) {
    say("--write -: a terminal cannot show pcapng; give a file, or a program behind a |");
    return kUsage;
  }
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{nullptr, &std::fclose};
  if (!is_to_stdout) {
    file.reset(std::fopen(line.file->c_str(), "wbe"));
    if (!file) {
      say(*line.file + ": " + std::strerror(errno));
      return kNoAnswer;
    }
  }
  admin::Request request = line.request;
  if (request.has_capture_packets()) request.mutable_capture_packets()->set_with_words(form != Form::kPcapng);
  stop_at_signals();
  Looking looking{is_to_stdout ? stdout : file.get(), form};
  const auto followed =
      control::admin::follow(line.socket, request,
                             {.on_response = [&](const admin::Response& response) { return looking.take(response); },
                              .on_signal = [] { return is_interrupted == 0 ? Next::kGoOn : Next::kStop; }});
  if (looking.has_begun()) looking.tell_end(request.has_trace_packets() ? "packet" : "frame");
  if (!followed) say(followed.message());
  if (looking.has_failed() && !is_to_stdout) say(*line.file + ": could not write all of it");
  return followed && (!looking.has_failed() || is_to_stdout) ? kDone : kNoAnswer;
}

}  // namespace sluice::cli
