"""Code versions of release 0.1.0, for this release only.

Files were moved and names changed since then, which changes the digests but not what the code does. The versions stay
as they were, so that nothing is asked, graded or trained again. A later code change gets a version of its own, and its
line here is no longer used.
"""

FORMER = {
    "3542ca5122631b58831aae26b90a10cc": "c121f8af140818a78fc16ba51f132485",
    "486a6b396f9cf98fcd688633dc38a424": "b15951ea0defbf072a30a61fe715a18e",
    "189d8b2238998a4be084c464ca88c388": "af6f1d2a16a463f89b823bcaac13d036",
    "7cc3d8d467dd9fe2fa9369752e76d821": "4dee3db478db2594416dcb0c30491df7",
    "1470e5f322f96aaa081826f01126dac7": "4c363bc51990e4490e2ae36b36e5c5b1",
    "4b2997beb4cf4c8f07a0007e3aad376e": "861063442d37ac96d643a82593a3894e",
    "4f43e7d2b8798d3ffcf4378732ce5bf5": "d5f6cb93c809020a7d73c36a64b17eef",
    "2eb315ee21ffe599269842a247c66379": "a17566dff1f2fbecc4d80ab21447f577",
    "228f8a7a2fdc13ac9674668f77bfd36b": "50830b53bf320097b1d8bbe9ac209b8a",
    "3548f762274a88b4bad3fa7b14c5177b": "f135227d2cdfabec305e45e932256728",
    "243cbc92f2c8a08aec9890cf502f90e8": "45d566e1eaf91951466e9c93c74198ca",
    "2a8efd999c96242ba21f4797c931219c": "2e3ff9a3d81560f8dfa7268e94893c92",
    "6b5a06780e11a3791f2407908999318e": "c589b5d7441fa75d365f2292e3924aba",
}
"""The version of the current code to its version in release 0.1.0, computed with Python 3.11."""
