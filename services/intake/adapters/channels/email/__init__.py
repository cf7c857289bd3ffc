"""E-mail: reading what came in by SMTP, and handing over what goes out."""
