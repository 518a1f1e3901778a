# DEPARA Explorer in a container: docs/deploy.md says how to run it.
# docker build -t depara .                                                             for CPUs
# docker build -t depara --build-arg TORCH=https://download.pytorch.org/whl/cu128 .    for CUDA
FROM python:3.12-slim AS build
ARG TORCH=https://download.pytorch.org/whl/cpu
WORKDIR /src
RUN python -m venv /opt/depara
COPY requirements.txt ./
# torch and torchvision come as a pair, from the same index; everything else is pinned beside them
RUN grep -E '^(torch|torchvision)==' requirements.txt > torch.txt \
    && /opt/depara/bin/pip install --no-cache-dir --index-url "$TORCH" -r torch.txt \
    && grep -vE '^(torch|torchvision)==' requirements.txt > rest.txt \
    && /opt/depara/bin/pip install --no-cache-dir -r rest.txt 'lancedb>=0.30' 'filelock>=3.13'
COPY . .
RUN /opt/depara/bin/pip install --no-cache-dir --no-deps .

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
