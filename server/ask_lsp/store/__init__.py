"""What outlives an answer, all in the state directory: chat files, the journal of answers, and one SQLite file."""
