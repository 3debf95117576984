"""Steps on files and directories, whatever is in them."""
