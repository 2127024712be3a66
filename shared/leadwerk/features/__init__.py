"""What a model sees of a lead: the feature contract and the encoder that training and serving share.

Only numpy is imported here, so that the score function's cold start pays for nothing else.
"""
