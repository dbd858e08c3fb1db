"""Faults on purpose: processes killed, disks full, peers slow, clocks wrong, all under load, and what came of it.

Whatever a server or an officer's command said was done is written down outside of it, and looked for afterwards.
"""
