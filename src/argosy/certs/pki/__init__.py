"""X.509 as cert-manager writes it: keys, requests, certificates, chains and keystores. Pure but for key generation
and signatures, which need randomness and run behind the questions of `certs.ports`."""
