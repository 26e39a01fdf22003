"""Breaks a real installation on purpose while people use it, and counts what was lost: `python -m chaos`.

Belongs to the tests: knows the whole program from outside, by its processes, its door and its database's tables.
"""
