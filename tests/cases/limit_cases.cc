#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using enum dataplane::Verdict;

constexpr Change kOneASecond{.limit = {.a_second = 1}};
constexpr Change kOneASecondByClient{.limit = {.a_second_by_client = 1}};

// Of a family: its frames are those of IPv4, or the same in IPv6.
class Limits {
 public:
  explicit Limits(bool is_v6) : is_v6_{is_v6} {}

  Frame syn(std::uint16_t client_port) const {
    Frame frame = of_family(from_client(80, net::kTcpSyn));
    frame.source_port = client_port;
    return frame;
  }
  Frame syn_of_another(std::uint16_t client_port) const {
    Frame frame = syn(client_port);
    frame.source = is_v6_ ? *net::IpAddress::parse("2001:db8:c:1::10") : *net::IpAddress::parse("198.51.100.99");
    return frame;
  }
  Step opens(std::string what, Frame in, unsigned seconds_later = 0) const {
    Step step = forward(std::move(what), std::move(in), of_family(to_node(30080, net::kTcpSyn)));
    step.seconds_later = seconds_later;
    return step;
  }
  Step opens_first(const Change& change) const {
    Step step = opens("the first connection", syn(40'000));
    step.publish = change;
    return step;
  }
  Step goes_on(std::string what) const {
    return forward(std::move(what), of_family(from_client(80, net::kTcpAck)), of_family(to_node(30080, net::kTcpAck)));
  }
  Step answers() const {
    return backward("an answer", of_family(from_node(30080, net::kTcpAck)), of_family(to_client(80, net::kTcpAck)));
  }

  std::vector<Case> cases() const {
    const std::string family = is_v6_ ? ", IPv6" : "";
    return {{"a service lets in as many connections a second as its limit says, whoever opens them" + family,
             {opens_first(kOneASecond), refused(syn(40'001), kDropServiceLimit),
              refused(syn_of_another(40'002), kDropServiceLimit), opens("a second later", syn(40'001), 2)}},
            {"a limit by client counts each of them by himself" + family,
             {opens_first(kOneASecondByClient), refused(syn(40'001), kDropClientLimit),
              opens("another client", syn_of_another(40'000)), opens("a second later", syn(40'001), 2)}},
            {"an open connection has no limit" + family,
             {opens_first(kOneASecond), goes_on("its next segment"), goes_on("and its next"),
              opens("its SYN again", syn(40'000)), answers()}}};
  }

 private:
  Frame of_family(Frame frame) const { return is_v6_ ? v6(std::move(frame)) : frame; }
  static Step refused(Frame in, dataplane::Verdict verdict) {
    return {.what = "one too many", .in = std::move(in), .verdict = verdict};
  }

  bool is_v6_;
};

// One IPv6 client has a network of 64 bits.
Case one_network() {
  const Limits limits{true};
  Frame neighbour = limits.syn(40'000);
  neighbour.source = *net::IpAddress::parse("2001:db8:c::ffff:10");
  return {"a limit by client takes a network of IPv6 for one",
          {limits.opens_first(kOneASecondByClient),
           {.what = "its next address", .in = neighbour, .verdict = kDropClientLimit}}};
}

}  // namespace

std::vector<Case> limit_cases() { return joined({Limits{false}.cases(), Limits{true}.cases(), {one_network()}}); }

}  // namespace sluice::cases
