"""The wire format: messages and methods of the public API as data, and three converters.

`encoding` and `decoding` translate between protobuf and plain dicts in the shape of Go's JSON; `go_json` gives a dict
exactly the fields that Go's encoder would write. Services only see dicts.
"""
