"""HTTP/1.1 on one asyncio transport: bytes to requests, responses to bytes.

Each module inherits the one before it, so that a byte costs no more calls: `request_parser`, `response_writer`,
`connection`.
"""
