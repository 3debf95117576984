"""Request handling, independent of the transport: one module per verb or subresource.

Nothing here awaits unless an admission webhook matches or a write waits for the disk.
"""
