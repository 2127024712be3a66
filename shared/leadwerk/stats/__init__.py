"""Statistics: one definition each of what reports, evaluation and promotion measure. Pure, on numpy arrays.

Labels come first, then probabilities or scores; equal scores are ties, so no figure depends on the order of the rows.
"""
