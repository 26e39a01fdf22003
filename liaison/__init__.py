"""A people's-congress online liaison station."""

import gc

# Loading makes some 700,000 objects that stay; to look through them every few hundred new ones takes a quarter of the
# time. Not rarer than that: what requests leave in circles would lie around by the megabyte.
gc.set_threshold(10_000, 50, 50)
