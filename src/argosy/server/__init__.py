"""One API for every client: Argo CD's services over REST, gRPC and gRPC-web, sign-in, permissions, webhooks, web pages.

`process.serving` runs it. `transport` receives a request, `schema` matches and decodes it, and `dispatch` handles it:
`sessions` authenticate the caller, `permissions` authorise them, a handler in `services` answers in plain dicts, and
`audit` records changes. `pages` serve everything that is not a call. The server keeps only caches: replicas need no
shared disk, and changed settings apply to the next request.
"""
