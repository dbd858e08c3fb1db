"""What the servers and command lines of all parties share: files, settings, storage, HTTP. Nothing of a role."""
