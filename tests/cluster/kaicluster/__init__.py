"""The real test cluster: a Kubernetes control plane of local processes.

`tests/cluster/up` and `tests/cluster/down` are its commands; README.md in tests/
describes how tests plug into it. Python 3 standard library only.
"""


class ClusterError(Exception):
    """Something a person has to read: the message is complete by itself."""
