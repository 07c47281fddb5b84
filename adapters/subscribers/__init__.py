"""Those who are told of events by webhooks."""
