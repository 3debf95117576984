"""Whether Issuers and ClusterIssuers can sign: one decision for each type."""
