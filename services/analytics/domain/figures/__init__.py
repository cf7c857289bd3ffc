"""Figures by theme: each definition beside its measure."""
