"""What may leave the machine, and what may come back: verdicts about files, secrets, trust, and a model's Markdown."""
