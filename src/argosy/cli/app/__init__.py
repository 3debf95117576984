"""`argosy app ...`: what people do with Applications, through the Kubernetes API, one file per command.

`applications` reads and watches them, `operations` builds the requests that controllers carry out, `tables` formats
them.
"""
