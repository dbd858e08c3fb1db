"""The officers' desk: who the officers of a party are, what they approve with passkeys, and where. Spec: §6.9."""
