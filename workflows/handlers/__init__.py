"""What may be sent to a return, a file per stage: each action checks first, then changes the state."""
