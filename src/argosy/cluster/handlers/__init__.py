"""What the server does with a request, whoever carried it: one module per verb or subresource.

Nothing here awaits unless an admission webhook matches or a write waits for the disk.
"""
