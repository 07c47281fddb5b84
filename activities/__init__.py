"""Side effects, a class per port. Each is given its adapter; none decides anything."""
