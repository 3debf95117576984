"""Canaries of StatefulSets and DaemonSets: `workloadRef` names one, and its Pods are updated step by step.

Upstream lacks this. Arithmetic, pauses, analyses and status are those of every canary: each revision of the workload
is represented as a ReplicaSet (`sets`), and what a turn decides for these becomes a partition, evictions and an
annotation on the workload (`writes`). Nothing surges; no Service or router distinguishes the versions, since their Pods
do not carry our hash.
"""
