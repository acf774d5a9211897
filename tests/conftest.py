"""What several files of tests share."""

import pytest

from connc.cli.app import run


@pytest.fixture
def call(capfd):
    """Run the command in this process: exit status, standard output, standard error."""

    def call(*arguments):
        status = run(arguments)
        return status, *capfd.readouterr()

    return call
