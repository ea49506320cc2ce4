"""Application Auto Scaling of the local AWS: targets, policies and scheduled actions as plain values."""
