"""The door: reads codes, decides offline, keeps check-ins that it cannot open, and releases them for a warrant."""
