"""procedurally generated problems."""
