"""What several files of tests share."""

import pytest
from hypothesis import settings

from connc.cli.app import run

# How long an example takes depends on what else the machine does; no test measures that.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def call(capfd):
    """Run the command in this process: exit status, standard output, standard error."""

    def call(*arguments):
        status = run(arguments)
        return status, *capfd.readouterr()

    return call
