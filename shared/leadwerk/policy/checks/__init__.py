"""The rules that hold between the fields of a policy, one section a module: what is wrong, where, and the remedy."""
