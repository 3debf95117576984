"""The live objects of an Application: listed, drawn as a tree, read, changed, and acted upon."""
