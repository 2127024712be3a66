"""KPIs of the day: measured each morning, stored once, and compared with the policy's limits."""
