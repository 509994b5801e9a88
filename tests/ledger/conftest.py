"""The county of the claims' tests."""

from tests.claims.conftest import agency, as_role, county

__all__ = ["agency", "as_role", "county"]
