"""FastAPI with a model in and a model out, which stores nothing."""

from uuid import uuid4

from fastapi import FastAPI

from benchmarks.servers.schema import Accepted, Contact

app = FastAPI()


@app.post("/v1/contacts", status_code=202)
async def accept(contact: Contact) -> Accepted:
    """Read it, respond."""
    return Accepted(contact_id=f"{uuid4()}", status=f"accepted from {contact.channel}")
