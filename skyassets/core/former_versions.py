"""Code versions of release 0.1.0, for this release only.

Files were moved and names changed since then, which changes the digests but not what the code does. The versions stay
as they were, so that nothing is asked, graded or trained again. A later code change gets a version of its own, and its
line here is no longer used.
"""

FORMER = {
    "6a88508d2e54b8c913fa907fa53d5866": "c121f8af140818a78fc16ba51f132485",
    "8f3bceaa4ee776083963c6827a2a1966": "a17566dff1f2fbecc4d80ab21447f577",
    "b4093af557e04552e8fe82d3e3b6a266": "b15951ea0defbf072a30a61fe715a18e",
    "6dc91d7a2d37ff8e490a0fa37908cf9d": "af6f1d2a16a463f89b823bcaac13d036",
    "80b8bd83d90f45b4d10b2cdadfcf773e": "4dee3db478db2594416dcb0c30491df7",
    "886fb7961b6500becb0662b2ca4a5f08": "abc1cdc0c7668daf557c8b279499cddf",
    "5005f3f3813b07608496670e7e553db0": "4c363bc51990e4490e2ae36b36e5c5b1",
    "d038569bbb2f904d8aacd0f17297eba3": "861063442d37ac96d643a82593a3894e",
    "1d803ebe708f28b8382f2a5cad4c74d9": "d5f6cb93c809020a7d73c36a64b17eef",
    "42e951007bbaffe8b4d7cc676b38b1a2": "50830b53bf320097b1d8bbe9ac209b8a",
    "7cb53862688234a88472b9d96b07b6ca": "f135227d2cdfabec305e45e932256728",
    "ea27c7a7cfbc644d3f981605d6dc9828": "45d566e1eaf91951466e9c93c74198ca",
    "0cf01d75162c3eb83e75f4336820bb54": "2e3ff9a3d81560f8dfa7268e94893c92",
    "ddd6a479b2cf1d7ce4b5ae75f5d1ba6d": "c589b5d7441fa75d365f2292e3924aba",
}
"""The version of the current code to its version in release 0.1.0, computed with Python 3.11."""
