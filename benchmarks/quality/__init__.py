"""How well the product ranks, beside what a data scientist would try first, on public data and on a user's own file."""
