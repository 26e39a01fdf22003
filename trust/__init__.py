"""The security rows of TRUST's catalogue in full counts: `python -m trust [--json FILE] [ROW…]`.

Belongs to the tests: attacks a real application on servers of its own, in a folder made for the run. Each row is a
module with one function that plays a number of attacks on a stage and keeps a tally; `rows` is the table of them.
"""
