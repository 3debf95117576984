"""`argosy appset ...`: what people do with ApplicationSets, one file a command.

`sets` reads them from files and from the API server, `dry_run` finds out what one would do, `tables` shows it.
"""
