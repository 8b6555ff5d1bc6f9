"""Cluster addresses and node ports: which are taken follows from the stored Services, so nothing can leak.

A port is taken by its number whatever the protocol, except that ports of one Service may share it.
"""

import ipaddress
import random
from collections import Counter

from . import errors

_FAMILY = {4: "IPv4", 6: "IPv6"}


def family_of(address):
    return _FAMILY[ipaddress.ip_address(address).version]


def ports_of(spec):
    """Every node port that a Service's spec holds, the one for health checks included."""
    ports = spec.get("ports")
    found = {port.get("nodePort") for port in ports if isinstance(port, dict)} if isinstance(ports, list) else set()
    return {port for port in found | {spec.get("healthCheckNodePort")} if isinstance(port, int) and port > 0}


def addresses_of(spec):
    addresses = spec.get("clusterIPs")
    return set(addresses) - {"None"} if isinstance(addresses, list) else set()


class Allocator:
    def __init__(self, store, first_port, last_port, networks):
        """`networks` are CIDR texts, at most one a family; the first gives the cluster's primary family."""
        self._ports = range(first_port, last_port + 1)
        self._networks = {_FAMILY[net.version]: net for net in map(ipaddress.ip_network, networks)}
        self._taken_ports, self._taken_addresses = Counter(), Counter()
        for stored in store.all("services"):
            self._follow("services", None, stored)
        store.observers.append(self._follow)

    @property
    def families(self):
        return list(self._networks)

    def first_addresses(self):
        """The first address of each network: the one of the Service `kubernetes`."""
        return [network[1] for network in self._networks.values()]

    def _follow(self, plural, old, new):
        if plural != "services":
            return
        for stored, change in ((old, -1), (new, 1)):
            spec = (stored or {}).get("spec")
            if not isinstance(spec, dict):
                continue  # Only objects that were stored raw can be so.
            self._taken_ports.update({port: change for port in ports_of(spec)})
            self._taken_addresses.update({address: change for address in addresses_of(spec)})

    def allocate(self, spec, old_spec):
        """Completes the spec with addresses and ports; returns causes where those asked for cannot be had."""
        causes = []
        if spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
            causes += self._addresses(spec, addresses_of(old_spec))
        held = ports_of(old_spec)
        causes += self._asked_ports(spec, held)
        if not causes:
            self._missing_ports(spec)
        return causes

    def _addresses(self, spec, held):
        asked = spec.get("clusterIPs", [])
        for address in asked:
            problem = self._address_problem(address) if address not in held else None
            if problem:
                return [errors.Cause("spec.clusterIPs", "FieldValueInvalid",
                                     f"Invalid value: []string{{\"{address}\"}}: failed to allocate IP {address}:"
                                     f" {problem}")]
        have = {family_of(address) for address in asked}
        spec["clusterIPs"] = asked + [self._free_address(family) for family in spec["ipFamilies"] if family not in have]
        spec["clusterIP"] = spec["clusterIPs"][0]
        return []

    def _address_problem(self, address):
        network = self._networks.get(family_of(address))
        if not network or ipaddress.ip_address(address) not in network:
            shown = network or ", ".join(map(str, self._networks.values()))
            return f"the provided IP is not in the valid range. The range of valid IPs is {shown}"
        return "provided IP is already allocated" if self._taken_addresses[address] > 0 else None

    def _free_address(self, family):
        network = self._networks[family]
        usable = min(network.num_addresses - 2, 1 << 24)
        start = random.randrange(usable)
        for i in range(usable):
            address = str(network[1 + (start + i) % usable])
            if self._taken_addresses[address] <= 0:
                return address
        raise errors.ApiError(500, "InternalError", "failed to allocate a serviceIP: range is full", {})

    def _asked_ports(self, spec, held):
        asked = [(f"spec.ports[{i}].nodePort", port.get("nodePort")) for i, port in enumerate(spec.get("ports", []))]
        asked.append(("spec.healthCheckNodePort", spec.get("healthCheckNodePort")))
        causes = []
        for field, port in asked:
            if not port or port in held:
                continue
            if port not in self._ports:
                causes.append(errors.invalid_value(
                    field, port, "provided port is not in the valid range. The range of valid ports is"
                    f" {self._ports.start}-{self._ports.stop - 1}"))
            elif self._taken_ports[port] > 0:
                causes.append(errors.invalid_value(field, port, "provided port is already allocated"))
        return causes

    def _missing_ports(self, spec):
        """Ports of one number but different protocols get one node port, where both are to be allocated."""
        wants = spec["type"] == "NodePort" or (
            spec["type"] == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True))
        own, by_number = ports_of(spec), {}
        for port in spec.get("ports", []) if wants else []:
            protocols, number = by_number.setdefault(port["port"], (set(), port.get("nodePort")))
            if not port.get("nodePort"):
                shares = number and port["protocol"] not in protocols
                port["nodePort"] = number if shares else self._free_port(own)
                own.add(port["nodePort"])
            protocols.add(port["protocol"])
            by_number[port["port"]] = (protocols, port["nodePort"])
        if needs_health_check_port(spec) and not spec.get("healthCheckNodePort"):
            spec["healthCheckNodePort"] = self._free_port(own)

    def _free_port(self, own):
        start = random.randrange(len(self._ports))
        for i in range(len(self._ports)):
            port = self._ports[(start + i) % len(self._ports)]
            if self._taken_ports[port] <= 0 and port not in own:
                return port
        raise errors.ApiError(500, "InternalError", "failed to allocate a nodePort: range is full", {})


def needs_health_check_port(spec):
    return spec["type"] == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"
