"""PostgreSQL that comes with the service: from a wheel, started and stopped with it (see `server`)."""

from service.embedded.server import EmbeddedPostgres, EmbeddedPostgresError

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
