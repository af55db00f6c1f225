"""Settings: where they come from, which layer wins, and what is said when they are wrong."""
