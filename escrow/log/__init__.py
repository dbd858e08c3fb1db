"""A party's transparency log: its files, its witness at the other party, and what it does as a witness itself."""
