"""Label and field selectors: text to a predicate over objects."""

import re

from .errors import bad_request

_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<k1>[\w./-]+)"
    r"|(?P<k2>[\w./-]+)\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)"
    r"|(?P<k3>[\w./-]+)\s*(?P<op>==|=|!=)\s*(?P<value>[\w.-]*)"
    r"|(?P<k4>[\w./-]+))\s*(?:,|$)")


def _requirement(match):
    """A predicate over labels."""
    if match["absent"]:
        return lambda labels: match["k1"] not in labels
    if match["set"]:
        values = {value.strip() for value in match["values"].split(",")}
        if match["set"] == "in":
            return lambda labels: labels.get(match["k2"]) in values
        return lambda labels: labels.get(match["k2"]) not in values
    if match["op"] == "!=":
        return lambda labels: labels.get(match["k3"]) != match["value"]
    if match["op"]:
        return lambda labels: labels.get(match["k3"]) == match["value"]
    return lambda labels: match["k4"] in labels


def labels_predicate(text):
    tests, at = [], 0
    while at < len(text):
        match = _REQUIREMENT.match(text, at)
        if not match:
            raise bad_request(f"unable to parse requirement: found '{text[at:]}', expected: !, identifier,"
                              " or 'end of string'")
        tests.append(_requirement(match))
        at = match.end()
    return lambda labels: all(test(labels) for test in tests)


def field_value(stored, path):
    """A field as selectors compare it: as text, empty when absent."""
    if path == "source":
        return stored.get("source", {}).get("component") or stored.get("reportingComponent", "")
    value = stored
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def fields_predicate(text, resource):
    tests = []
    for term in filter(None, text.split(",")):
        match = re.fullmatch(r"([\w.]+)(==|=|!=)(.*)", term)
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        path, operator, value = match.groups()
        if path not in resource.selectable_fields:
            known = ", ".join(f'"{name}"' for name in resource.selectable_fields)
            raise bad_request(f'"{path}" is not a known field selector: only {known}')
        tests.append((path, operator != "!=", value))
    return lambda stored: all((field_value(stored, path) == value) == equal for path, equal, value in tests)


def _pairs(value):
    return value if isinstance(value, dict) else {}


def predicate(resource, namespace, name, query):
    """Whether an object belongs into the answer to a list or watch request."""
    labels = labels_predicate(query.get("labelSelector", ""))
    fields = fields_predicate(query.get("fieldSelector", ""), resource)

    def selects(stored):
        metadata = _pairs(stored.get("metadata"))
        return ((not namespace or metadata.get("namespace") == namespace)
                and (not name or metadata.get("name") == name)
                and labels(_pairs(metadata.get("labels"))) and fields(stored))
    return selects
