"""A recorded domain for whoever writes an auditor: one that is honest, and one for each fault. Spec: §6.7."""
