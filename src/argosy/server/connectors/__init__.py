"""Sign-in without an OpenID Connect provider of your own: the connectors of `dex.config`, in this process.

`issuer.py` is the provider that clients see at `<url>/api/dex`: discovery, keys, codes and tokens; nothing is
stored. Every other file is one connector, named by its type; KINDS lists them. `server/pages/dex.py` redirects browsers
between the two. Sources: spec/argo-cd-api.md 6; the fields are those of Dex's connectors.
"""
