"""Black-box checks of servers, requirement by requirement. Spec: chapters 3 to 6. `clients` and `doors` have their own.

Each module beside them holds the checks of one subject, as decorated coroutines; `catalogue` puts them in order. What
one check finds out (a session, a pass) stays in the `Tester` for those that need it.
"""
