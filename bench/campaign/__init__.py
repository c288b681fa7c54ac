"""The failover campaign: load, faults, history and the checker that judges it."""
