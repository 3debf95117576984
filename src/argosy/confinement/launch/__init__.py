"""What runs in the child before a program does: it gives up all but the box, layer by layer, and becomes the program.

Only what starts fast is imported here, and nothing but the standard library: a start may cost a few milliseconds.
"""
