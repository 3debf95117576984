"""Sign-in without an OpenID Connect provider of one's own: the connectors of `dex.config`, in this process.

`issuer.py` is the provider that clients see at `<url>/api/dex`: its description, keys, codes and tokens; nothing is
stored. Each other file is one connector, named by its type; KINDS is the list. `server/pages/dex.py` carries browsers
between the two. Sources: spec/argo-cd-api.md 6; the fields are those of Dex's connectors.
"""
