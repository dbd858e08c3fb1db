"""The two key holders: what they share stands here, what only one of them does in `operator/` and `authority/`."""
