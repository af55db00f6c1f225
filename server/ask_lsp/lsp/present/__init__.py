"""How an answer is shown: the best way that this editor can."""
