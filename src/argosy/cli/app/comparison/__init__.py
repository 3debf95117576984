"""An Application compared as the controllers compare it, and how its differences are printed."""
