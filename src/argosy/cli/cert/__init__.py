"""`argosy cert ...`: cmctl's commands, and the whole history of a certificate.

`arguments` declares flags and help, `reading` fetches, `looking` shows, `changing` writes, `creating` creates requests;
the computation is in `argosy.certs.commands`.
"""
