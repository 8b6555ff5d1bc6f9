"""The API's errors: each is a Status object (k8s.io/apimachinery/pkg/api/errors) with its HTTP code."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One thing wrong with one field of an object."""
    field: str
    reason: str
    message: str


def invalid_value(field, value, message):
    return Cause(field, "FieldValueInvalid", f"Invalid value: {json.dumps(value)}: {message}")


def required(field, message=""):
    return Cause(field, "FieldValueRequired", "Required value" + (f": {message}" if message else ""))


def forbidden(field, message):
    return Cause(field, "FieldValueForbidden", f"Forbidden: {message}")


def duplicate(field, value):
    return Cause(field, "FieldValueDuplicate", f"Duplicate value: {json.dumps(value)}")


def unsupported(field, value, supported):
    names = ", ".join(json.dumps(one) for one in sorted(supported))
    return Cause(field, "FieldValueNotSupported", f"Unsupported value: {json.dumps(value)}: supported values: {names}")


class ApiError(Exception):
    """An answer that is no success. `details` and `metadata` go into the Status object as they are."""

    def __init__(self, code, reason, message, details=None, metadata=None):
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details, self.metadata = details, metadata

    @property
    def retry_after(self):
        return (self.details or {}).get("retryAfterSeconds")

    def status(self):
        answer = {"kind": "Status", "apiVersion": "v1", "metadata": self.metadata or {}, "status": "Failure",
                  "message": self.message, "reason": self.reason}
        if self.details is not None:
            answer["details"] = self.details
        return answer | {"code": self.code}


def _about(resource, name):
    return {"name": name, "kind": resource.plural} | ({"group": resource.group} if resource.group else {})


def not_found(resource, name):
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', _about(resource, name))


def no_such_path():
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource, name):
    return ApiError(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', _about(resource, name))


def conflict(resource, name, message):
    return ApiError(409, "Conflict", f'Operation cannot be fulfilled on {resource.qualified} "{name}": {message}',
                    _about(resource, name))


def stale(resource, name):
    return conflict(resource, name, "the object has been modified; please apply your changes to the latest version"
                                    " and try again")


def invalid(resource, name, causes):
    each = [f"{cause.field}: {cause.message}" for cause in causes]
    text = each[0] if len(each) == 1 else "[" + ", ".join(each) + "]"
    details = {"name": name} | ({"group": resource.group} if resource.group else {}) | {
        "kind": resource.kind,
        "causes": [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]}
    kind = resource.kind + (f".{resource.group}" if resource.group else "")
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def bad_request(message):
    return ApiError(400, "BadRequest", message)


def method_not_allowed():
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def unsupported_media_type():
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def not_acceptable():
    return ApiError(406, "NotAcceptable", "406: Not Acceptable", {})


def unauthorized():
    return ApiError(401, "Unauthorized", "Unauthorized")


def expired(message, metadata=None):
    return ApiError(410, "Expired", message, metadata=metadata)


def too_old(revision, oldest):
    return expired(f"too old resource version: {revision} ({oldest})")


def too_large(revision, current):
    return ApiError(504, "Timeout", f"Timeout: Too large resource version: {revision}, current: {current}", {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1})
