"""What callers may do with the ledger, a file per concern; `ledger.ledger` is made of them."""
