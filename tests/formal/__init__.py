"""The formal models of `spec/formal`: running their provers, and the clauses for SPASS."""
