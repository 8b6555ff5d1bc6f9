#pragma once
// The defaults of the configuration, the only place that knows them.

namespace sluice::conf {

class Config;
class Port;

// Fills in everything that was left out and has a default, so that every has_*() of such a field is true afterwards.
// `driver` gets one only where the device is an interface. Repeating it changes nothing.
void apply_defaults(Config& config);

// The port that this one is a VLAN of; null if it is none, or of a port that is not there.
const Port* parent_of(const Port& port, const Config& config);

}  // namespace sluice::conf
