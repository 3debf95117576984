"""CertificateRequests: approval, and signing by the issuer that each names."""
