"""Traffic routers: the objects that each writes for a weight, a header route or a mirror route. Section 14.

Each is a pure change of drafts of given objects; the turn writes the differences. `ROUTERS` is the table.
"""
