"""Who acts in the life of an order's returns, each with the rules of what they may do, and what must hold."""
