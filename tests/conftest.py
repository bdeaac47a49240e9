"""What every test is kept from: the user's own configuration directory, where signing keys are made, and the clock.

A law holds or it does not, however busy the machine is: no property test fails for the time it took, which by
default it would after 0.2 s, as when the first example is the one that loads a table. A failure says how to repeat it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("preserve", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("preserve")


@pytest.fixture(autouse=True, scope="session")
def _own_configuration_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield
