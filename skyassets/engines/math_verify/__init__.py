"""engines/math_verify."""
