#pragma once
// The small languages inside the configuration's texts. All texts were checked when the file was loaded: who reads a
// loaded Config may dereference the Results. Ranges include both ends.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/address.h"

namespace sluice::conf {

struct AddressRange {  // Of one family; first <= last.
  net::IpAddress first;
  net::IpAddress last;

  bool contains(net::IpAddress address) const { return first <= address && address <= last; }
  bool overlaps(const AddressRange& other) const { return first <= other.last && other.first <= last; }
};
// "203.0.113.64/26" (no bits behind the length), "2001:db8::10-2001:db8::20" or a single address.
base::Result<AddressRange> parse_address_range(std::string_view text);

struct PortRange {  // 1 <= first <= last
  std::uint16_t first;
  std::uint16_t last;
};
base::Result<PortRange> parse_port_range(std::string_view text);  // "32768-65535"

enum class DeviceKind : unsigned char { kPci, kInterface, kVdev };
struct Device {
  DeviceKind kind;
  std::string name;  // what stands behind the colon: a PCI address, the kernel's interface, an EAL vdev string
};
base::Result<Device> parse_device(std::string_view text);  // "pci:0000:03:00.0", "interface:eth1", "vdev:net_null0"

// What the kernel takes for the name of an interface: 1 to 15 characters, no slash, colon or blank. The error says why.
base::Result<> check_interface_name(std::string_view name);

// An address with the length of its network, "203.0.113.2/24" or "2001:db8::2/64": the slash is not optional.
base::Result<net::IpPrefix> parse_interface_address(std::string_view text);
// A network: as above, and no bits behind the length.
base::Result<net::IpPrefix> parse_network(std::string_view text);

}  // namespace sluice::conf
