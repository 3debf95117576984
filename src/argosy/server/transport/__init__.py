"""One port for every client: REST, gRPC-web and pages over HTTP/1.1, gRPC over HTTP/2, by the first bytes.

`listener` accepts, `http1` and `http2` speak, `grpc`, `grpc_web` and `gateway` turn messages into calls of the
dispatcher, and its answers and errors back. No rule of the domain lives here.
"""
