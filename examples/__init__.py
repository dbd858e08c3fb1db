"""Short programs that show how the protocol is used."""
