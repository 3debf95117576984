"""The web page as files, built from `ui/` by `make ui`; nothing here is written by hand."""
