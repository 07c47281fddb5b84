"""Stand-in providers behind one HTTP server, with books of their own and faults on demand."""
