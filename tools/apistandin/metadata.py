"""What the API server does to metadata of every kind: fills it in, keeps it, and checks it."""

import random
import re
import time
import uuid

from . import errors

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED_PART = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_STANDARD_FINALIZERS = ("orphan", "foregroundDeletion", "kubernetes")
_SERVER_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
                 "generation")
_NAME_RULES = {
    "Service": (_SERVICE_NAME, 63, "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start"
                " with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123',"
                " regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"),
    "Namespace": (_LABEL, 63, "a DNS-1123 label must consist of lower case alphanumeric characters or '-', and must"
                  " start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for"
                  " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"),
}
_OTHER_NAME_RULE = (_SUBDOMAIN, 253, "a DNS-1123 subdomain must consist of lower case alphanumeric characters, '-' or"
                    " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for"
                    " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
QUALIFIED_RULE = ("name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
                  " alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
                  " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")


def now_text(at=None):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def is_label(text):
    return isinstance(text, str) and len(text) <= 63 and _LABEL.fullmatch(text) is not None


def is_subdomain(text):
    return isinstance(text, str) and len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def is_qualified_name(text):
    prefix, slash, name = text.rpartition("/")
    if slash and not is_subdomain(prefix):
        return False
    return len(name) <= 63 and _QUALIFIED_PART.fullmatch(name) is not None


def without_nulls(value):
    """Nulls are as good as absent to the API, except that a creationTimestamp is told as null where there is none."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


def _drop_empty(metadata):
    for name in ("labels", "annotations", "finalizers", "ownerReferences"):
        if not metadata.get(name):
            metadata.pop(name, None)
    metadata.pop("managedFields", None)
    metadata.pop("selfLink", None)


def fill_for_create(stored, namespace):
    metadata = stored["metadata"]
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"):
        metadata.pop(name, None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
    if namespace:
        metadata["namespace"] = namespace
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now_text()
    _drop_empty(metadata)


def keep_for_update(stored, old):
    """What no writer can change is taken from the old object."""
    metadata = stored["metadata"]
    for name in _SERVER_OWNED:
        if name in old["metadata"]:
            metadata[name] = old["metadata"][name]
        else:
            metadata.pop(name, None)
    _drop_empty(metadata)


def validate(resource, stored):
    metadata = stored["metadata"]
    causes = _name_causes(resource.kind, metadata.get("name"))
    causes += _pairs_causes(metadata)
    for i, finalizer in enumerate(metadata.get("finalizers", [])):
        field = f"metadata.finalizers[{i}]"
        if not isinstance(finalizer, str) or not is_qualified_name(finalizer):
            causes.append(errors.invalid_value(field, finalizer, QUALIFIED_RULE))
        elif "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            causes.append(errors.invalid_value(
                field, finalizer, "name is neither a standard finalizer name nor is it fully qualified"))
    return causes


def _name_causes(kind, name):
    if not name:
        return [errors.required("metadata.name", "name or generateName is required")]
    rule, length_max, message = _NAME_RULES.get(kind, _OTHER_NAME_RULE)
    causes = []
    if len(name) > length_max:
        causes.append(errors.invalid_value("metadata.name", name, f"must be no more than {length_max} characters"))
    if not rule.fullmatch(name):
        causes.append(errors.invalid_value("metadata.name", name, message))
    return causes


def _pairs_causes(metadata):
    causes = []
    for field in ("labels", "annotations"):
        pairs = metadata.get(field, {})
        for key, value in pairs.items():
            lowered = key.lower() if field == "annotations" else key
            if not is_qualified_name(lowered):
                causes.append(errors.invalid_value(f"metadata.{field}", key, QUALIFIED_RULE))
            if not isinstance(value, str):
                raise errors.bad_request(f"json: cannot unmarshal value of metadata.{field}[{key}] into Go value of"
                                         " type string")
            if field == "labels" and value and (len(value) > 63 or not _QUALIFIED_PART.fullmatch(value)):
                causes.append(errors.invalid_value("metadata.labels", value, "a valid label must be an empty string or"
                                                   " consist of alphanumeric characters, '-', '_' or '.'"))
    return causes


def validate_update(new, old):
    metadata = old["metadata"]
    added = [one for one in new["metadata"].get("finalizers", []) if one not in metadata.get("finalizers", [])]
    if added and metadata.get("deletionTimestamp"):
        listed = ", ".join(f'"{one}"' for one in added)
        return [errors.forbidden("metadata.finalizers", "no new finalizers can be added if the object is being deleted,"
                                 f" found new finalizers []string{{{listed}}}")]
    return []
