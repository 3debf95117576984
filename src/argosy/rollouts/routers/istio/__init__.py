"""Istio: weights and managed routes in VirtualServices, hashes in the subsets of a DestinationRule."""
