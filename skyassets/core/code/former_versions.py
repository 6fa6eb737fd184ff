"""Code versions of release 0.1.0, for this release only.

Files were moved and names changed since then, and more chat templates can be trained on, which changes the digests but
not what the code makes of the same rows. The versions stay as they were, so that nothing is asked, graded or trained
again. A later code change gets a version of its own, and its
line here is no longer used.
"""

FORMER = {
    "5ba16d3a6c4602e8eff3eea0181cfc74": "4c363bc51990e4490e2ae36b36e5c5b1",
    "ad85b7468189a40ff26562e802e9d904": "2e3ff9a3d81560f8dfa7268e94893c92",
}
"""The version of the current code to its version in release 0.1.0, computed with Python 3.11."""
