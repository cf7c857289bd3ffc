"""A real Kubernetes of one node on this machine, without a container engine and without a registry of images."""
