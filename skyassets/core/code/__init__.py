"""The version of code: a digest of what modules do, blind to names of files, modules and imports."""
