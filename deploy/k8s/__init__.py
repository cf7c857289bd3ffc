"""Manifests, and a cluster of one's own to try them on."""
