"""Agents: who they are, whether they are there, what they may grant, what they left to others."""
