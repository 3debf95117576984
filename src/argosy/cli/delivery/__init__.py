"""`argosy promote`, `trace`, `wait-for` and `image push`: a change on its way through the Stages."""
