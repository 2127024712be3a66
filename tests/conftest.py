"""Which examples the property tests take: the same at every run, so that a failure is always one of the change at hand.

`make test-new-examples` draws others; what it finds is mended and kept as an `@example`.
"""

from hypothesis import settings

settings.register_profile("same_examples", derandomize=True)
settings.register_profile("new_examples", derandomize=False, print_blob=True)
settings.load_profile("same_examples")
