"""What can be done with objects: the verbs of the peers' commands, by the same pure pieces."""
