"""The peers, each in a virtual environment of its own; none is a dependency of the project."""
