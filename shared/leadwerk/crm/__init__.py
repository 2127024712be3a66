"""What Leadwerk says to a CRM and hears from it: one port, one adapter a CRM, and the plan of the outbox."""
