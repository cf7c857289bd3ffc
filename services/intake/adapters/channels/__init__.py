"""The channels: one folder for each, behind one port (`port.py`), in one table (`registry.py`)."""
