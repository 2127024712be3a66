"""Which examples the property tests draw: the same at every run, so that a failure is always one of the change at hand.

`make test` draws a few, `make test-all` all of them. `make test-new-examples` draws others; what it finds is mended and
stays as an `@example`.
"""

from hypothesis import settings

from support.examples import ALL

settings.register_profile("few_examples", derandomize=True, max_examples=12, deadline=None)
settings.register_profile("all_examples", derandomize=True, max_examples=ALL, deadline=None)
settings.register_profile("new_examples", derandomize=False, max_examples=ALL, deadline=None, print_blob=True)
settings.load_profile("few_examples")
