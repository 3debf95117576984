"""Kubernetes CertificateSigningRequests whose signer is an Issuer or ClusterIssuer.

`controller.py` decides who may have a signature and what is reported; `terms.py` has what is requested. One file for
each way of signing: `by_key.py` (SelfSigned and CA), `by_order.py` (ACME), `by_vault.py`. Source: spec/cert-manager.md
section 11.
"""
