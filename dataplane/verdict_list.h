// The one list of what can become of a packet. Counters, metrics, `sluice show drops`, traces and the documentation are
// made from it. Numbers are shared with the XDP program: append, never reorder.
//
// SLUICE_VERDICT(identifier, name, description)
// clang-format off
#ifdef SLUICE_VERDICT
SLUICE_VERDICT(kContinue,             "continue",               "still on its way through the steps; never counted")
SLUICE_VERDICT(kToNode,               "to_node",                "from a client, sent to the node that serves its flow")
SLUICE_VERDICT(kToClient,             "to_client",              "from a node, sent back to the client of its flow")
SLUICE_VERDICT(kReply,                "reply",                  "answered by the appliance: ARP, neighbour solicitation or echo for a VIP")
SLUICE_VERDICT(kToKernel,             "to_kernel",              "not a service's: given to the kernel through the port's TAP")
SLUICE_VERDICT(kToWorker,             "to_worker",              "handed to the worker that owns the flow")
SLUICE_VERDICT(kDropTruncated,        "drop_truncated",         "shorter than its own headers say")
SLUICE_VERDICT(kDropBadHeader,        "drop_bad_header",        "a header that contradicts itself: version, length or address")
SLUICE_VERDICT(kDropFragment,         "drop_fragment",          "a fragment for a VIP or a SNAT address")
SLUICE_VERDICT(kDropProtocol,         "drop_protocol",          "for a VIP, but neither TCP nor UDP nor an echo request")
SLUICE_VERDICT(kDropNoService,        "drop_no_service",        "for a VIP, but for a port that no Service has")
SLUICE_VERDICT(kDropSourceRange,      "drop_source_range",      "its sender is not in the service's loadBalancerSourceRanges")
SLUICE_VERDICT(kDropNoBackend,        "drop_no_backend",        "for a service that has no usable node now")
SLUICE_VERDICT(kDropNoFlow,           "drop_no_flow",           "a TCP segment that opens no connection and belongs to none")
SLUICE_VERDICT(kDropStray,            "drop_stray",             "for a SNAT address, but of no flow")
SLUICE_VERDICT(kDropBackendGone,      "drop_backend_gone",      "of a TCP flow whose node is no backend any more")
SLUICE_VERDICT(kDropSnatExhausted,    "drop_snat_exhausted",    "no SNAT port left for this node: add SNAT addresses")
SLUICE_VERDICT(kDropFlowTableFull,    "drop_flow_table_full",   "a new flow, but the worker's flow table is full: raise flows_max")
SLUICE_VERDICT(kDropNoRoute,          "drop_no_route",          "the kernel has no route through one of our ports")
SLUICE_VERDICT(kDropUnresolved,       "drop_unresolved",        "the next hop's MAC address is not known (yet)")
SLUICE_VERDICT(kDropTtl,              "drop_ttl",               "its time to live ended here")
SLUICE_VERDICT(kDropHandoverFull,     "drop_handover_full",     "the owning worker's ring was full")
SLUICE_VERDICT(kDropTransmitFull,     "drop_transmit_full",     "the port's transmit queue was full")
SLUICE_VERDICT(kDropKernelFull,       "drop_kernel_full",       "the kernel did not take it from the TAP in time")
SLUICE_VERDICT(kDropTooLong,          "drop_too_long",          "longer than one packet buffer")
SLUICE_VERDICT(kReplyReset,           "reply_reset",            "refused by a TCP reset: no service, no usable node or no connection")
SLUICE_VERDICT(kReplyUnreachable,     "reply_unreachable",      "refused by ICMP port unreachable: no service or no usable node")
SLUICE_VERDICT(kReplyTimeExceeded,    "reply_time_exceeded",    "its time to live ended here, and ICMP says so")
SLUICE_VERDICT(kDropIcmpNoFlow,       "drop_icmp_no_flow",      "an ICMP error for a VIP that is about no packet of a flow")
SLUICE_VERDICT(kDropTooBig,           "drop_too_big",           "larger than the MTU of the port that it would leave by, and nobody was told")
SLUICE_VERDICT(kReplyTooBig,          "reply_too_big",          "larger than the MTU of the port that it would leave by, and ICMP says so")
#endif
// clang-format on
