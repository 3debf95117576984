"""OpenAPI documents of what is served, versions 2 and 3, as JSON and as protobuf (spec section 5)."""
