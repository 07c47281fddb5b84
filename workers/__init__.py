"""The processes that host workflows, activities and the relay."""
