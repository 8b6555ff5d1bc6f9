"""The resources that are served: their names, groups, versions and what may be selected by field."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """The first of `versions` is the one that objects are stored in."""
    plural: str
    kind: str
    group: str = ""
    versions: tuple = ("v1",)
    namespaced: bool = True
    status: bool = False
    short_names: tuple = ()
    categories: tuple = ()
    fields: tuple = ()

    @property
    def qualified(self):
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def selectable_fields(self):
        return ("metadata.name",) + (("metadata.namespace",) if self.namespaced else ()) + self.fields

    def api_version(self, version=None):
        version = version or self.versions[0]
        return f"{self.group}/{version}" if self.group else version


_EVENT_FIELDS = tuple(f"involvedObject.{name}" for name in (
    "kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")) + (
    "reason", "reportingComponent", "source", "type")
_POD_FIELDS = ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase",
               "status.podIP", "status.nominatedNodeName")

RESOURCES = (
    Resource("namespaces", "Namespace", namespaced=False, status=True, short_names=("ns",), fields=("status.phase",)),
    Resource("nodes", "Node", namespaced=False, status=True, short_names=("no",), fields=("spec.unschedulable",)),
    Resource("services", "Service", status=True, short_names=("svc",), categories=("all",),
             fields=("spec.clusterIP", "spec.type")),
    Resource("pods", "Pod", status=True, short_names=("po",), categories=("all",), fields=_POD_FIELDS),
    Resource("events", "Event", short_names=("ev",), fields=_EVENT_FIELDS),
    Resource("secrets", "Secret", fields=("type",)),
    Resource("configmaps", "ConfigMap", short_names=("cm",)),
    Resource("endpoints", "Endpoints", short_names=("ep",)),
    Resource("serviceaccounts", "ServiceAccount", short_names=("sa",)),
    Resource("endpointslices", "EndpointSlice", group="discovery.k8s.io", versions=("v1", "v1beta1")),
    Resource("leases", "Lease", group="coordination.k8s.io"),
)
BY_PLURAL = {resource.plural: resource for resource in RESOURCES}


def find(group, version, plural):
    """The resource of an API path, or None."""
    resource = BY_PLURAL.get(plural)
    return resource if resource and resource.group == group and version in resource.versions else None


def groups():
    """Group name to its versions, the preferred one first; the core group is not among them."""
    return {resource.group: resource.versions for resource in RESOURCES if resource.group}


def of_version(group, version):
    return [resource for resource in RESOURCES if resource.group == group and version in resource.versions]
