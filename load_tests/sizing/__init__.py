"""From what one pod was measured to do, to what many callers need: `make sizing`."""
