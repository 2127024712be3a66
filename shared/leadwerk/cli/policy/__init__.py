"""`leadwerk policy …`: check a policy, change it, replay it, publish it."""
