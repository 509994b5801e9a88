"""PostgreSQL that comes with the service: from a wheel, started and stopped with it (see `server`)."""

from service.embedded.cluster import EmbeddedPostgresError
from service.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
