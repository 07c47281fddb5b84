"""What is wrong with a running installation, found by looking only: nothing here changes anything."""
