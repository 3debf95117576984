"""One API for every client: Argo CD's services over REST, gRPC and gRPC-web, sign-in, permissions, webhooks, pages.

`process.serving` runs it. A request comes in by `transport`, is told apart and decoded by `schema`, and goes through
`dispatch`: `sessions` say who calls, `permissions` whether they may, a handler of `services` answers in plain dicts,
and `audit` notes what was changed. `pages` are what is no call. It keeps nothing of its own but caches: replicas need
no shared disk, and settings that change hold from the next question on.
"""
