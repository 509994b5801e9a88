"""What is a visit worth, and why? The pure kernel: fee lines to scope, layers in order, the working (domain §3-§6)."""
