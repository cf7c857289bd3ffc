"""Work that nobody asks for: run periodically, woken by signals, patient with what is away."""
