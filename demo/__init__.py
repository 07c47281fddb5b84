"""The stories: returns played over days of virtual time and judged by the providers' books."""
