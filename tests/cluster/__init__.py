"""Rapport on a real Kubernetes: run by hand, `make k8s-drill`."""
