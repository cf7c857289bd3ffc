"""In which language we speak to a customer."""


def spoken(stated: str | None, heard: str | None, known: str | None, default: str) -> str:
    """What was stated, else what the text was written in, else what we know of the customer."""
    return stated or heard or known or default
