"""An application for all tests of a module, as the claims' tests have it."""

from tests.claims.conftest import world

__all__ = ["world"]
