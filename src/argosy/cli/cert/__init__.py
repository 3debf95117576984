"""`argosy cert ...`: what cmctl does, and the whole story of a certificate.

`arguments` are flags and help, `reading` fetches, `looking` shows, `changing` writes, `creating` makes requests; what
they compute is `argosy.certs.commands`.
"""
