"""MEGA-Bench's rules: each field of an answer has a metric of its own, and each task says which."""
