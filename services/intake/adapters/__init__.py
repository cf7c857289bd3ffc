"""The outside made usable: tables and SQL, mail in and out, languages and wordings."""
