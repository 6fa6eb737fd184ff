"""Code versions of release 0.1.0, for this release only.

Files were moved and names changed since then, which changes the digests but not what the code does. The versions stay
as they were, so that nothing is asked, graded or trained again. A later code change gets a version of its own, and its
line here is no longer used.
"""

FORMER = {
    "493903dad9aed58db6ff9cc48bbd96c2": "c121f8af140818a78fc16ba51f132485",
    "486a6b396f9cf98fcd688633dc38a424": "b15951ea0defbf072a30a61fe715a18e",
    "a607a071043bfb155db131ca4db95bc4": "af6f1d2a16a463f89b823bcaac13d036",
    "38d8ee619745a56e1af55808fa93e490": "4dee3db478db2594416dcb0c30491df7",
    "5024045c47ac9624c6db72f99d32db47": "4c363bc51990e4490e2ae36b36e5c5b1",
    "6cdc1295d873b21d8168aec9e094470c": "861063442d37ac96d643a82593a3894e",
    "a2a313afeeba04d8d3dbf1022d0366d1": "d5f6cb93c809020a7d73c36a64b17eef",
    "06463913f7faf003cdc15c984bddbd39": "a17566dff1f2fbecc4d80ab21447f577",
    "39aaf3dab87d4e6133f5cd27ae905531": "50830b53bf320097b1d8bbe9ac209b8a",
    "fadd8072e1b98d0db7bf71d42d2d2128": "f135227d2cdfabec305e45e932256728",
    "79cc3b1413f423dbb01a234f82c9ff85": "45d566e1eaf91951466e9c93c74198ca",
    "27eedcbf15f83f222a16840957afcef7": "2e3ff9a3d81560f8dfa7268e94893c92",
    "43b27928253fbf89c69c8c15a8b0a5c3": "c589b5d7441fa75d365f2292e3924aba",
}
"""The version of the current code to its version in release 0.1.0, computed with Python 3.11."""
