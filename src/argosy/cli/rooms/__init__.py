"""How a process builds each room, one file per room; a room is loaded with the first object of its kinds.

`loading` has the table of rooms.
"""
