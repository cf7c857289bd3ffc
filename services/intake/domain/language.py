"""In which language we speak to a customer."""


def spoken(stated: str | None, detected: str | None, known: str | None, default: str) -> str:
    """What was stated, else what the text was written in, else what we know of the customer."""
    return stated or detected or known or default
