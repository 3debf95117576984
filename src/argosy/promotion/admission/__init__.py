"""Admission: what is filled in and refused before an object is stored, also for plain kubectl writes.

Here Freight gets its name, Promotions are built, tasks inlined and holds inferred. One file a kind, each with pure
functions over what was gathered; `freight_review`, `promotion_review`, `project_review` gather and ask them, `review`
answers AdmissionReviews with all: in this process for the embedded server, behind HTTPS on a real cluster.
Source: spec/kargo-api.md 6.
"""
