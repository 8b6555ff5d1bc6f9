#pragma once
// The defaults of the configuration, the only place that knows them.

namespace sluice::conf {

class Config;

// Fills in everything that was left out and has a default, so that every has_*() of such a field is true afterwards.
// `driver` gets one only where the device is an interface. Repeating it changes nothing.
void apply_defaults(Config& config);

}  // namespace sluice::conf
