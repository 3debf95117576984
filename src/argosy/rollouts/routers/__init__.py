"""Traffic routers: what each writes for a weight, a header route or a mirror route. Section 14.

Each is a pure change of drafts of the objects that it was given; the turn writes what differs. `ROUTERS` is the table.
"""
