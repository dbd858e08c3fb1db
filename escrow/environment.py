"""The environment variables that the parties' programs read. Spec: §6.1."""

VAULT_KEY_VARIABLE = "SPLITPASS_VAULT_KEY"
"""Holds the vault key with `vault_key = "environment"`, in hexadecimal."""
