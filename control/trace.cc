#include "control/trace.h"

#include <algorithm>
#include <utility>

#include "control/recent_drops.h"
#include "dataplane/parse.h"
#include "dataplane/steer.h"
#include "net/endpoint.h"

namespace sluice::control {
namespace {

using dataplane::FlowRecord;
using dataplane::Step;
using dataplane::Verdict;

std::string description(Verdict verdict) { return std::string{dataplane::kVerdicts[index(verdict)].description}; }

std::string end_of(const std::string& host, net::Be16 port) { return net::with_port(host, port); }

std::string describe(const PacketInWords& words) {
  if (words.protocol.empty()) return "not readable";
  std::string text = words.protocol + " ";
  const bool has_ports = words.source_port != 0 || words.destination_port != 0;
  if (has_ports) {
    text += end_of(words.source, net::Be16{words.source_port}) + " > " +
            end_of(words.destination, net::Be16{words.destination_port});
  } else {
    text += words.source + " > " + words.destination;
  }
  if (!words.tcp_flags.empty()) text += ", flags " + words.tcp_flags;
  if (!words.sctp_chunk.empty()) text += ", chunk " + words.sctp_chunk;
  if (words.icmp_type)
    text += ", type " + std::to_string(*words.icmp_type) + " code " + std::to_string(*words.icmp_code);
  if (words.is_fragment) text += ", a fragment";
  return text + ", TTL " + std::to_string(words.ttl);
}

bool keeps_client(const FlowRecord& flow) { return flow.snat == flow.client; }

std::string describe(const FlowRecord& flow) {
  std::string text = net::to_string(flow.protocol) + " " + end_of(flow.client.to_string(), flow.client_port) + " > " +
                     end_of(flow.vip.to_string(), flow.vip_port) + ", " +
                     (keeps_client(flow) ? "" : "by " + end_of(flow.snat.to_string(), flow.snat_port) + " ") +
                     "to node " + flow.node.to_string();
  if (flow.protocol != net::IpProtocol::kUdp) text += ", " + std::string{state_of(flow)};
  return text;
}

// The same client and VIP may open another flow in the place of one that is over.
bool is_same(const std::optional<FlowRecord>& one, const std::optional<FlowRecord>& other) {
  return one && other && one->node == other->node && one->snat == other->snat && one->snat_port == other->snat_port;
}

class TraceTeller {
 public:
  TraceTeller(const dataplane::CapturedPacket& packet, const dataplane::CapturedBytes& bytes, const TraceView& view)
      : packet_{packet}, bytes_{bytes}, view_{view}, words_{in_words(bytes.came, packet.length)} {}

  std::vector<ExplainedFlow::Step> tell() {
    tell_arrival();
    if (packet_.has_said_anything(Step::kParse)) say("parse", what_it_is());
    if (packet_.has_said_anything(Step::kAnswer)) tell_answer();
    if (packet_.has_said_anything(Step::kOwner)) tell_owner();
    if (packet_.has_said_anything(Step::kClassify)) tell_classify();
    if (packet_.has_said_anything(Step::kSteer)) tell_steer();
    tell_rewrite();
    if (is_refusal(packet_.verdict)) say("refuse", description(packet_.verdict));
    return std::move(steps_);
  }

 private:
  Verdict said(Step step) const { return packet_.said[index(step)]; }
  void say(std::string step, std::string sentence) { steps_.push_back({std::move(step), std::move(sentence)}); }
  std::string port_name(std::uint8_t port) const {
    return port < view_.port_names.size() ? view_.port_names[port] : "?";
  }

  void tell_arrival() {
    std::string sentence = std::to_string(packet_.length) + " bytes by port " + port_name(packet_.port);
    if (bytes_.came.size() >= sizeof(net::EthernetHeader)) {
      sentence += " from " + ethernet(bytes_.came).source.to_string();
    }
    sentence += ", on worker " + std::to_string(packet_.worker);
    if (packet_.was_handed_over) sentence += ", to which another handed it over";
    say("arrive", sentence);
  }

  static const net::EthernetHeader& ethernet(std::span<const std::uint8_t> frame) {
    return *reinterpret_cast<const net::EthernetHeader*>(frame.data());
  }

  std::string what_it_is() const {
    if (is_drop(said(Step::kParse))) return description(said(Step::kParse));
    if (packet_.is_arp) return "ARP " + packet_.source.to_string() + " > " + packet_.destination.to_string();
    if (packet_.family == dataplane::PacketFamily::kNone) return "neither ARP nor for one host: the kernel's";
    if (packet_.content != dataplane::Content::kError) return describe(words_);
    return describe(words_) + ": an error about " +
           net::to_string(packet_.flow ? packet_.flow->protocol : packet_.protocol) + " " +
           end_of(packet_.destination.to_string(), packet_.destination_port) + " > " +
           end_of(packet_.source.to_string(), packet_.source_port);
  }

  void tell_answer() {
    const Verdict verdict = said(Step::kAnswer);
    say("answer", verdict == Verdict::kContinue ? "nothing that the appliance answers itself" : description(verdict));
  }

  void tell_owner() {
    if (said(Step::kOwner) == Verdict::kContinue) {
      return say("owner", "worker " + std::to_string(packet_.worker) + ", this one");
    }
    say("owner", "worker " + std::to_string(owner()) + ": it gets the packet");
  }

  // By the same rule as the worker: of what it could see itself.
  unsigned owner() const {
    dataplane::Packet parsed;
    std::vector<std::uint8_t> whole(packet_.length);
    std::ranges::copy(bytes_.came, whole.begin());
    parsed.data = whole.data();
    parsed.length = parsed.room = packet_.length;
    dataplane::parse(parsed);
    return dataplane::owner(view_.snapshot, parsed, view_.rss, packet_.worker);
  }

  void tell_classify() {
    const Verdict verdict = said(Step::kClassify);
    if (packet_.found) {
      say("classify", "of an open flow: " + describe(*packet_.found));
      if (is_drop(verdict)) say("classify", description(verdict));
      return;
    }
    if (!has_ports(packet_.content)) return say("classify", description(verdict));
    say("classify", "of no open flow");
    tell_again("classify");
  }

  void tell_steer() {
    const Verdict verdict = said(Step::kSteer);
    if (verdict == Verdict::kContinue && is_same(packet_.found, packet_.flow)) {
      const bool to_node = packet_.direction == nat::Direction::kToNode;
      return say("steer", to_node ? "goes on to the node of its flow" : "goes on to the client of its flow");
    }
    if (packet_.found && packet_.flow && verdict != Verdict::kContinue) return say("steer", description(verdict));
    if (packet_.found) say("steer", "the flow is over, or cannot go on: another would take its place");
    // A segment that opens no connection gets no further than the source ranges.
    tell_again("admit");
    if (verdict != Verdict::kDropNoFlow && !is_remembered()) tell_again("steer");
    if (verdict != Verdict::kContinue) return say("steer", description(verdict));
    const auto& flow = *packet_.flow;
    if (is_remembered()) say("steer", "the client's last connection went to this node (sessionAffinity: ClientIP)");
    say("steer", "a new flow: node " + flow.node.to_string() +
                     (keeps_client(flow) ? ", which sees the client's own address"
                                         : ", SNAT port " + end_of(flow.snat.to_string(), flow.snat_port)));
  }

  void tell_rewrite() {
    if (packet_.has_said_anything(Step::kRewrite) && is_drop(said(Step::kRewrite))) {
      say("rewrite", description(said(Step::kRewrite)));
    }
    if (!packet_.is_sent() || !packet_.flow || bytes_.sent.size() < sizeof(net::EthernetHeader)) return;
    const auto sent = in_words(bytes_.sent, packet_.sent_length);
    say("rewrite", "becomes " + describe(sent) + "; to " + ethernet(bytes_.sent).destination.to_string() + " by port " +
                       port_name(packet_.sent_port));
  }

  // What `explain flow` says of this step, where it looks at what the worker has looked at.
  void tell_again(const std::string& step) {
    if (!has_ports(packet_.content)) return;
    if (!explained_) explained_ = explain();
    if (packet_.epoch != view_.snapshot.epoch && !is_still_so()) return;
    for (const auto& told : explained_->steps) {
      if (told.step == step) steps_.push_back(told);
    }
  }

  // Whether the node is another than the snapshot says: then workers knew the client.
  bool is_remembered() {
    if (!packet_.flow || packet_.epoch != view_.snapshot.epoch || !has_ports(packet_.content)) return false;
    if (!explained_) explained_ = explain();
    return explained_->node && *explained_->node != packet_.flow->node;
  }

  // Whether the snapshot of now comes to the same end as the one that the packet met.
  bool is_still_so() const {
    if (packet_.flow) return explained_->node == packet_.flow->node;
    return explained_->verdict == packet_.verdict;
  }

  ExplainedFlow explain() const {
    const auto protocol = packet_.protocol;
    if (packet_.family == dataplane::PacketFamily::kIpv4) {
      return explain_flow(view_.snapshot,
                          net::FlowKey4{packet_.source.v4(), packet_.destination.v4(), packet_.source_port,
                                        packet_.destination_port, protocol},
                          view_.port_names);
    }
    return explain_flow(view_.snapshot,
                        net::FlowKey6{packet_.source.v6(), packet_.destination.v6(), packet_.source_port,
                                      packet_.destination_port, protocol},
                        view_.port_names);
  }

  const dataplane::CapturedPacket& packet_;
  const dataplane::CapturedBytes& bytes_;
  const TraceView& view_;
  const PacketInWords words_;
  std::optional<ExplainedFlow> explained_;
  std::vector<ExplainedFlow::Step> steps_;
};

}  // namespace

std::vector<ExplainedFlow::Step> tell_trace(const dataplane::CapturedPacket& packet,
                                            const dataplane::CapturedBytes& bytes, const TraceView& view) {
  return TraceTeller{packet, bytes, view}.tell();
}

}  // namespace sluice::control
