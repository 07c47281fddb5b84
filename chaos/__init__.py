"""Many returns while everything breaks, and an oracle that reads the providers' books afterwards."""
