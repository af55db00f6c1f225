"""Ways to get an answer: OpenAI-compatible endpoints, the embedded model, and the keyless echo."""
