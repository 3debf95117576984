"""Types as JSON schemas, and the OpenAPI description made from the declarations."""
