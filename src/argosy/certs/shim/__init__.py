"""Certificates from annotations of Ingresses, Gateways and ListenerSets. Source: spec/cert-manager.md section 9."""
