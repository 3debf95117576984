"""Admission: defaults and validation before an object is stored, for plain kubectl writes as well.

Here Freight gets its name, Promotions are built, tasks inlined and holds inferred. One file per kind has pure functions
over gathered data; `freight_review`, `promotion_review` and `project_review` gather and call them; `review` answers
AdmissionReviews with all of them: in process for the embedded server, over HTTPS on a real cluster.
Source: spec/kargo-api.md 6.
"""
