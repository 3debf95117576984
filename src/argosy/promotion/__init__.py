"""Kargo's job: new artefacts found, made into Freight, and promoted from stage to stage."""
