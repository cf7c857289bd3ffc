"""How Rapport is run: on one machine (`local`) and on Kubernetes (`k8s`)."""
