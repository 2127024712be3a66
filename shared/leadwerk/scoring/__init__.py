"""From a lead's features to a decision with reasons: predict, explain, decide. Pure, and cheap to start.

Nothing here imports pandas, scikit-learn, a cloud client or XGBoost's Python package: the score function starts cold
while a person waits.
"""
