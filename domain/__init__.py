"""What a return is: models and pure rules. No I/O, no wall clock, nothing of Temporal."""
