"""The audit that anybody can make of both parties, from what they publish."""
