"""The health authority: issues passes and opens check-ins under a warrant, and knows nobody before that."""
