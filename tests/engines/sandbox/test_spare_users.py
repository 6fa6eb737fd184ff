import os

import pytest

from skyassets.core.errors import SandboxError
from skyassets.engines.sandbox.spare_users import spare_user

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has users to spare")
USERS = range(70_000, 70_006, 2)


def test_a_user_belongs_to_one_server_until_it_has_ended() -> None:
    with spare_user(USERS) as (first, _), spare_user(USERS) as (second, claim):
        assert (first, second) == (70_000, 70_002)
        server = os.dup(*claim)
    with spare_user(USERS) as (third, _), spare_user(USERS) as (fourth, _):
        assert (third, fourth) == (70_000, 70_004)
        with pytest.raises(SandboxError, match="in use"), spare_user(USERS):
            pytest.fail("all are taken")
    os.close(server)
    with spare_user(USERS[1:]) as (user, _):
        assert user == 70_002
