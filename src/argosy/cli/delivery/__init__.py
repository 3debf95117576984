"""`argosy promote`, `trace`, `wait-for` and `image push`: follow a change through the Stages."""
