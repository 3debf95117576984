"""What a kustomization does to its resources: names, fields, images, patches, replacements, and the order of output."""
