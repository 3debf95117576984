"""The wire: messages and methods of the public API as facts, and three walks over them.

`encoding` and `decoding` translate between protobuf and plain dicts in the shape of Go's JSON; `go_json` gives a dict
exactly the fields that Go's encoder would write. Services know dicts alone.
"""
