"""Black-box checks of running servers, requirement by requirement. Spec: chapters 3 to 5.

Each module holds the checks of one subject, as decorated coroutines; `catalogue` puts them in order. What one check
finds out (a session, a pass) stays in the `Tester` for those that need it.
"""
