"""What scripts/bench-peers is made of: our engine and others, measured on the same networks."""
