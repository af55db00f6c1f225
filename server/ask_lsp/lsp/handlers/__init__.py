"""One file a method: convert in, call a use case, convert out."""
