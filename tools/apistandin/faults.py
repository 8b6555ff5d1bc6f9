"""Faults on request, and the log of requests that tests count writes with."""

import threading
from collections import Counter, deque

from . import errors

_SWITCHES = {"delay_ms": 0, "duplicate_events": False, "reorder_events": False, "stall_watches": False,
             "expired_as_status": False}
_RULE_FIELDS = {"verb", "resource", "subresource", "namespace", "name", "code", "reason", "message", "times",
                "retry_after", "applied", "reset"}


class Faults:
    """Switches are plain attributes; rules make single requests fail. Written under the store's lock."""

    def __init__(self, bookmark_interval=60.0, watch_list="on"):
        self._defaults = _SWITCHES | {"bookmark_interval": bookmark_interval, "watch_list": watch_list}
        self._lock = threading.Lock()
        self._rules = []
        self.cuts = 0  # Counts up to cut every watch.
        self.garbage_sent, self.garbage = 0, ""  # Counts up to send `garbage` as a line to every watch.
        self.__dict__.update(self._defaults)

    def clear(self):
        with self._lock:
            self._rules.clear()
        self.__dict__.update(self._defaults)

    def set(self, wishes):
        """Takes what it knows out of `wishes`."""
        for name, default in self._defaults.items():
            if name in wishes:
                value = wishes.pop(name)
                setattr(self, name, type(default)(value))
        if wishes.pop("drop_watches", False):
            self.cuts += 1
        if "garbage_line" in wishes:
            self.garbage = str(wishes.pop("garbage_line"))
            self.garbage_sent += 1
        if "fail" in wishes:
            rules = wishes.pop("fail")
            for rule in rules if isinstance(rules, list) else [rules]:
                self._add_rule(rule)

    def _add_rule(self, rule):
        unknown = set(rule) - _RULE_FIELDS
        if unknown:
            raise errors.bad_request(f"fail: unknown fields {sorted(unknown)}")
        with self._lock:
            self._rules.append({"times": 1} | rule)

    def take(self, request):
        """The rule that this request falls under, counted as used, or None."""
        with self._lock:
            for rule in self._rules:
                if _applies(rule, request):
                    rule["times"] -= 1
                    if rule["times"] <= 0:
                        self._rules.remove(rule)
                    return rule
        return None

    def show(self):
        with self._lock:
            return {name: getattr(self, name) for name in self._defaults} | {"fail": [dict(r) for r in self._rules]}


def _applies(rule, request):
    have = {"verb": request.verb, "resource": request.resource.plural, "subresource": request.subresource,
            "namespace": request.namespace or "", "name": request.name or ""}
    return all(rule.get(field, "*") in ("*", value) for field, value in have.items())


def failure(rule):
    code = int(rule.get("code", 500))
    reasons = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict",
               410: "Expired", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable",
               504: "Timeout"}
    details = {"retryAfterSeconds": rule["retry_after"]} if "retry_after" in rule else {}
    return errors.ApiError(code, rule.get("reason", reasons.get(code, "Unknown")),
                           rule.get("message", "fault on request"), details)


class RequestLog:
    def __init__(self, recent=2000):
        self._lock = threading.Lock()
        self._recent = deque(maxlen=recent)
        self._counts = Counter()

    def add(self, **entry):
        with self._lock:
            self._recent.append(entry)
            self._counts[(entry["verb"], entry["resource"], entry["subresource"], entry["code"],
                          entry["userAgent"])] += 1

    def clear(self):
        with self._lock:
            self._recent.clear()
            self._counts.clear()

    def show(self):
        names = ("verb", "resource", "subresource", "code", "userAgent")
        with self._lock:
            return {"total": sum(self._counts.values()),
                    "counts": [dict(zip(names, key)) | {"count": count} for key, count in self._counts.items()],
                    "recent": list(self._recent)}
