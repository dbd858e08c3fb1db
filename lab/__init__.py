"""All parties on one machine: demonstrations, test vectors, and whatever else must see every role."""
