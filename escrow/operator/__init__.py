"""The operator: knows who has an account, and never where anyone was."""
