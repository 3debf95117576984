"""Canaries of StatefulSets and DaemonSets: `workloadRef` names one, and its Pods are updated as the steps say.

What upstream lacks. The arithmetic, pauses, analyses and status are those of every canary: each revision of the
workload is seen as a ReplicaSet (`sets`), and what a turn decides for these becomes a partition, evictions and a note
on the workload (`writes`). Nothing surges; no Service or router tells the versions apart, for their Pods carry no hash
of ours.
"""
