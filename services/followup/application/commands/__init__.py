"""What is asked of followup: by a customer, or by the time that has come."""
