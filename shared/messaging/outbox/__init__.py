"""Events out: rows of the transaction that decided them, published in order by one relay."""
