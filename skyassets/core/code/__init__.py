"""The version of code: a digest of what modules do, which does not depend on names of files, modules and imports."""
