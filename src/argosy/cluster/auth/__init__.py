"""Authentication, impersonation, role-based access control, tokens and access reviews.

Decisions are pure; the only state is the index of roles and bindings, which follows the store's commits.
"""
