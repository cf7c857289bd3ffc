"""From events to facts: what each event makes known, one file per publisher."""
