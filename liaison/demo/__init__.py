"""The made-up county seat 清和市: written content and its loader; no real place, person or matter is in it."""
