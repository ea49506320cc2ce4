"""What is served: specs, limits, engines, hardware and whether one fits the other. Pure data and arithmetic."""
