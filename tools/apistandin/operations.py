"""The verbs that read and write objects: get, list, create, update, patch, delete.

Every method takes the store's lock, checks preconditions, lets the kind's strategy fill in and validate, and commits.
A write that changes nothing is no write: it keeps the revision and tells no watch, as in Kubernetes.
"""

import copy
import time
from collections import defaultdict

from . import errors, metadata, patches
from .resources import BY_PLURAL
from .strategies import strategy_of

_NAMESPACES = BY_PLURAL["namespaces"]


class Operations:
    def __init__(self, store, allocator):
        self.store = store
        self._strategy = {plural: strategy_of(resource, allocator) for plural, resource in BY_PLURAL.items()}
        self._owned = defaultdict(set)  # Owner's uid to (plural, key) of what goes with it.
        for plural in BY_PLURAL:
            for stored in store.all(plural):
                self._index_owners(plural, None, stored)
        store.observers.append(self._index_owners)
        self.uid_mismatch = 409  # What a patch with another object's uid gets; kube-apiserver 1.20 says 422.

    def set_status_wiped(self, wiped):
        self._strategy["services"].wipes_status = wiped

    def get(self, resource, namespace, name):
        with self.store.lock:
            return self._existing(resource, namespace, name)

    def _existing(self, resource, namespace, name):
        stored = self.store.get(resource.plural, (namespace or "", name))
        if stored is None:
            raise errors.not_found(resource, name)
        return stored

    def create(self, resource, namespace, body, dry_run):
        stored = self._checked_body(resource, namespace, None, body)
        if stored["metadata"].get("resourceVersion"):
            raise errors.bad_request("resourceVersion should not be set on objects to be created")
        with self.store.lock:
            if namespace:
                self._check_namespace(resource, namespace, stored)
            metadata.fill_for_create(stored, namespace)
            name = stored["metadata"].get("name", "")
            key = (namespace or "", name)
            if self.store.get(resource.plural, key) is not None:
                raise errors.already_exists(resource, name)
            strategy = self._strategy[resource.plural]
            strategy.prepare_create(stored)
            self._refuse_if_any(resource, name, metadata.validate(resource, stored) + strategy.validate(stored, None))
            self._refuse_if_any(resource, name, strategy.allocate(stored, None))
            strategy.finish(stored)
            return stored if dry_run else self.store.commit(resource.plural, key, stored)

    def _check_namespace(self, resource, namespace, stored):
        found = self.store.get("namespaces", ("", namespace))
        if found is None:
            raise errors.not_found(_NAMESPACES, namespace)
        if found["metadata"].get("deletionTimestamp"):
            name = stored["metadata"].get("name", "")
            raise errors.ApiError(403, "Forbidden", f'{resource.qualified} "{name}" is forbidden: unable to create new'
                                  f" content in namespace {namespace} because it is being terminated",
                                  {"name": name, "kind": resource.plural, "causes": [
                                      {"reason": "NamespaceTerminating", "field": "metadata.namespace",
                                       "message": f"namespace {namespace} is being terminated"}]})

    def _checked_body(self, resource, namespace, name, body):
        """A copy of what the client sent, its identity checked against the URL's and completed from it."""
        if not isinstance(body, dict) or not isinstance(body.get("metadata", {}), dict):
            raise errors.bad_request(f"couldn't get version/kind; {resource.kind} expected")
        stored = metadata.without_nulls(body)
        for field, wanted in (("kind", resource.kind), ("apiVersion", resource.api_version())):
            if stored.get(field, wanted) != wanted:
                raise errors.bad_request(f"the {field} in the data ({stored[field]}) does not match the expected"
                                         f" {field} ({wanted})")
            stored[field] = wanted
        about = stored.setdefault("metadata", {})
        if namespace and about.setdefault("namespace", namespace) != namespace:
            raise errors.bad_request("the namespace of the provided object does not match the namespace sent on the"
                                     " request")
        if name and about.setdefault("name", name) != name:
            raise errors.bad_request(f"the name of the object ({about['name']}) does not match the name on the URL"
                                     f" ({name})")
        return {"kind": stored.pop("kind"), "apiVersion": stored.pop("apiVersion")} | stored

    def update(self, resource, namespace, name, subresource, body, dry_run=False):
        new = self._checked_body(resource, namespace, name, body)
        with self.store.lock:
            old = self._existing(resource, namespace, name)
            uid, wanted = old["metadata"]["uid"], new["metadata"].get("uid")
            if wanted and wanted != uid:
                raise errors.conflict(resource, name, f"Precondition failed: UID in precondition: {wanted}, UID in"
                                      f" object meta: {uid}")
            return self._replace(resource, old, new, subresource, dry_run)

    def patch(self, resource, namespace, name, subresource, apply_patch, dry_run=False):
        """`apply_patch` makes the new object from a copy of the old one."""
        with self.store.lock:
            old = self._existing(resource, namespace, name)
            new = self._checked_body(resource, namespace, name, apply_patch(copy.deepcopy(old)))
            uid = new["metadata"].get("uid")
            if uid and uid != old["metadata"]["uid"]:
                if self.uid_mismatch == 422:
                    raise errors.invalid(resource, name, [
                        errors.invalid_value("metadata.uid", uid, "field is immutable")])
                raise errors.conflict(resource, name, f"Precondition failed: UID in precondition: {uid}, UID in object"
                                      f" meta: {old['metadata']['uid']}")
            return self._replace(resource, old, new, subresource, dry_run)

    def _replace(self, resource, old, new, subresource, dry_run):
        name, key = old["metadata"]["name"], (old["metadata"].get("namespace", ""), old["metadata"]["name"])
        version = new["metadata"].get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise errors.stale(resource, name)
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        metadata.keep_for_update(new, old)
        strategy = self._strategy[resource.plural]
        causes = metadata.validate(resource, new) + metadata.validate_update(new, old)
        if subresource == "status":
            strategy.prepare_status(new, old)
            causes += strategy.validate_status(new, old)
        else:
            strategy.prepare_update(new, old)
            causes += strategy.validate(new, old)
        self._refuse_if_any(resource, name, causes)
        if subresource != "status":
            self._refuse_if_any(resource, name, strategy.allocate(new, old))
        strategy.finish(new)
        if new == old or dry_run:
            return new
        if self._may_go(new):
            self._remove(resource, key, new)
            return new
        return self.store.commit(resource.plural, key, new)

    @staticmethod
    def _refuse_if_any(resource, name, causes):
        if causes:
            raise errors.invalid(resource, name, causes)

    def delete(self, resource, namespace, name, options, dry_run=False):
        """Returns (object, whether it is gone)."""
        with self.store.lock:
            old = self._existing(resource, namespace, name)
            self._check_preconditions(resource, old, options.get("preconditions") or {})
            grace = options.get("gracePeriodSeconds") or 0
            waits = resource.kind == "Pod" and grace > 0  # Stands in for the kubelet: sweep() ends it.
            if dry_run:
                return old, True
            if not old["metadata"].get("finalizers") and not waits and resource.kind != "Namespace":
                return self._remove(resource, (namespace or "", name)), True
            return self._mark_deleted(resource, old, grace if waits else 0), False

    @staticmethod
    def _check_preconditions(resource, old, preconditions):
        for field, shown in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            wanted, have = preconditions.get(field), old["metadata"][field]
            if wanted and wanted != have:
                raise errors.conflict(resource, old["metadata"]["name"], f"the {shown} in the precondition ({wanted})"
                                      f" does not match the {shown} in record ({have}). The object might have been"
                                      " deleted and then recreated")

    def _mark_deleted(self, resource, old, grace):
        key = (old["metadata"].get("namespace", ""), old["metadata"]["name"])
        if not old["metadata"].get("deletionTimestamp") or grace < old["metadata"]["deletionGracePeriodSeconds"]:
            new = copy.deepcopy(old)
            new["metadata"]["deletionTimestamp"] = metadata.now_text(time.time() + grace)
            new["metadata"]["deletionGracePeriodSeconds"] = grace
            if resource.kind == "Namespace":
                new["status"] = (new.get("status") or {}) | {"phase": "Terminating"}
            old = self.store.commit(resource.plural, key, new)
        if resource.kind == "Namespace":
            self._empty_namespace(key[1])
        return old

    @staticmethod
    def _may_go(stored):
        about = stored["metadata"]
        return (about.get("deletionTimestamp") and not about.get("finalizers") and stored["kind"] != "Namespace"
                and about.get("deletionGracePeriodSeconds", 0) == 0)

    def _remove(self, resource, key, last_state=None):
        """Deletes at once, and what it owned or held after it (the garbage and namespace collectors' work)."""
        gone = self.store.commit(resource.plural, key, None, last_state)
        for plural, (namespace, name) in self._owned.pop(gone["metadata"].get("uid"), set()).copy():
            if self.store.get(plural, (namespace, name)) is not None:
                self.delete(BY_PLURAL[plural], namespace, name, {})
        self._end_namespace_if_empty(key[0])
        return gone

    def _index_owners(self, plural, old, new):
        for stored, change in ((old, set.discard), (new, set.add)):
            owners = (stored or {}).get("metadata", {}).get("ownerReferences")
            if isinstance(owners, list) and len(owners) == 1 and isinstance(owners[0], dict):
                about = stored["metadata"]
                change(self._owned[owners[0].get("uid")], (plural, (about.get("namespace", ""), about["name"])))

    def _empty_namespace(self, name):
        for resource in BY_PLURAL.values():
            for (namespace, one), entry in list(self.store.objects[resource.plural].items()):
                about = entry.object["metadata"]
                here = namespace == name and (namespace, one) in self.store.objects[resource.plural]
                if here and not about.get("deletionTimestamp"):
                    self.delete(resource, namespace, one, {})
        self._end_namespace_if_empty(name)

    def _end_namespace_if_empty(self, name):
        space = self.store.get("namespaces", ("", name)) if name else None
        if not space or not space["metadata"].get("deletionTimestamp") or space["metadata"].get("finalizers"):
            return
        if not any(key[0] == name for table in self.store.objects.values() for key in table):
            self.store.commit("namespaces", ("", name), None)

    def sweep(self):
        """Ends pods whose grace period is over. Called about once a second."""
        with self.store.lock:
            now = metadata.now_text()
            for pod in self.store.all("pods"):
                about = pod["metadata"]
                if about.get("deletionGracePeriodSeconds", 0) > 0 and about["deletionTimestamp"] <= now:
                    self.delete(BY_PLURAL["pods"], about["namespace"], about["name"], {})


def patcher(resource, content_type, patch):
    """A function from the old object to the new one, by the kind of patch that the content type names."""
    if content_type == "application/strategic-merge-patch+json":
        return lambda old: patches.strategic_patch(resource.kind, old, patch)
    if content_type == "application/merge-patch+json":
        return lambda old: patches.merge_patch(old, patch)
    if content_type == "application/json-patch+json":
        return lambda old: patches.json_patch(old, patch)
    raise errors.unsupported_media_type()
