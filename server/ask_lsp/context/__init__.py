"""What a model should see of the code: which definition a place is in."""
