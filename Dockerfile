# One image for every role; the command picks it: `docker run backbone:0.1.0 run gateway`.
# It holds no secret and no service of the embedded stack.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
COPY requirements/installer.txt requirements/build.txt requirements/runtime.txt requirements/
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes \
        -r requirements/installer.txt -r requirements/build.txt \
    && python -m venv --without-pip /opt/backbone \
    && uv pip install --quiet --no-cache --python /opt/backbone/bin/python --compile-bytecode \
        --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY backbone backbone
COPY producers producers
COPY processors processors
COPY consumers consumers
COPY gateway gateway
COPY cli cli
COPY generated generated
RUN hatchling build -t wheel \
    && uv pip install --quiet --no-cache --python /opt/backbone/bin/python --compile-bytecode \
        --no-deps dist/*.whl

FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="backbone" \
      org.opencontainers.image.description="An integration backbone: facts in, views out, nothing lost" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH="/opt/backbone/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BACKBONE_CONTRACTS_DIR=/app/avro
# What an empty volume mounted at /data belongs to. Nothing else is ever written.
RUN install --directory --owner=10001 --group=10001 /data
COPY --from=build /opt/backbone /opt/backbone
COPY avro /app/avro
WORKDIR /app
USER 10001:10001
# Each role answers on another port, and some end by themselves: who runs it knows what to ask.
HEALTHCHECK NONE
ENTRYPOINT ["backbone"]
CMD ["--help"]
