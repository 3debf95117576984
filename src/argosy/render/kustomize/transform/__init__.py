"""The transformations of a kustomization: names, fields, images, patches, replacements, and the order of output."""
