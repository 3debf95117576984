"""`argosy app ...`: what people do with Applications, through the Kubernetes API alone, one file a command.

`applications` reads and follows them, `operations` writes the requests that the controllers carry out, `tables` turns
them into text.
"""
