"""`argosy appset ...`: what people do with ApplicationSets, one file per command.

`sets` reads them from files and the API server, `dry_run` computes what one would do, `tables` formats it.
"""
