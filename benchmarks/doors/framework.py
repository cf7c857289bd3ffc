"""FastAPI with a model in and a model out, which stores nothing."""

from uuid import uuid4

from fastapi import FastAPI

from benchmarks.doors.schema import Contact, Taken

app = FastAPI()


@app.post("/v1/contacts", status_code=202)
async def take(contact: Contact) -> Taken:
    """Read it, answer."""
    return Taken(contact_id=f"{uuid4()}", status=f"accepted from {contact.channel}")
