"""A stand-in for kube-apiserver: lists, watches, patches and allocates as Kubernetes does, and fails on request.

It is for tests and for trying things out on a machine without Kubernetes. Run it with `python3 -m tools.apistandin`,
or from a test with `tools.apistandin.server.Standin`. It keeps plain JSON objects in memory, one lock over all.
"""
