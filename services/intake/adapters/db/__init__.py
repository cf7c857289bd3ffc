"""SQL of intake, one file for each noun; `tables.py` says what there is."""
