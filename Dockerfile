# The steps of ./run, with PostgreSQL's driver. docs/operations.md says how to build and start it.
FROM python:3.12-slim-bookworm

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN useradd --create-home --uid 10001 app && install -d -o app /app /data
USER 10001
WORKDIR /app

# the address of PyTorch's index of CPU wheels; without it torch brings CUDA libraries of some GB
ARG TORCH_INDEX=""
ENV PIP_NO_CACHE_DIR=1
COPY --chown=app requirements.txt requirements-dev.txt ./
RUN python -m venv .venv \
    && grep '^torch==' requirements.txt > /tmp/torch.txt \
    && grep '^psycopg' requirements-dev.txt > /tmp/psycopg.txt \
    && .venv/bin/python -m pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -r /tmp/torch.txt \
    && .venv/bin/python -m pip install -r requirements.txt -r /tmp/psycopg.txt

COPY --chown=app . .
RUN . scripts/environment.sh && prepare_environment requirements.txt

ENV GMM_HOST=0.0.0.0 GMM_DATA_DIR=/data
VOLUME /data
EXPOSE 8050
HEALTHCHECK --start-period=120s --interval=30s --timeout=10s \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8050/healthz', timeout=8)"]
CMD [".venv/bin/python", "-m", "dash_app"]
