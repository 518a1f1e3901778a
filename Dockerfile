# DEPARA Explorer in a container: docs/deploy.md says how to run it.
# docker build -t depara .                            for CPUs
# docker build -t depara --build-arg TORCH=cu130 .    for CUDA 13.0; torch's builds as uv calls them
FROM python:3.12-slim AS build
ARG TORCH=cpu
COPY . /src
RUN UV_COMPILE_BYTECODE=1 /src/deploy/install /opt/depara "$TORCH"

FROM python:3.12-slim
RUN useradd --create-home --uid 1000 depara && mkdir /data && chown depara /data
COPY --from=build /opt/depara /opt/depara
ENV PATH=/opt/depara/bin:$PATH \
    HOME=/data \
    DEPARA_STORE=/data/store \
    TMPDIR=/data/tmp \
    PYTHONDONTWRITEBYTECODE=1
USER depara
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/_stcore/health', timeout=4)"]
ENTRYPOINT ["sh", "-c", "mkdir -p /data/tmp && exec \"$@\"", "sh"]
CMD ["depara", "app", "--public", "--address", "0.0.0.0", "--port", "7860"]
