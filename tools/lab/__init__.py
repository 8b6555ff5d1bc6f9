"""A network, a cluster and clients around the appliance, in namespaces: for the demo and the end-to-end tests.

    from tools.lab import Lab
"""

import importlib

_HOME = {"Kube": "kube", "KubeError": "kube", "wait_for": "kube", "Lab": "lab", "LabError": "programs"}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    """Loaded when asked for, so that the lab's small processes start without all of it."""
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
