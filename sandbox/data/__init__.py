"""A small invented shop that the sandbox is loaded with by default."""
