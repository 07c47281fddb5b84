"""The invariants of section 9 as state machines over the domain, the ledger and books of a provider."""
