# Two images of one tree: `serving` answers predictions and carries no MLflow and no LangChain; `agent` does the rest.
ARG PYTHON_IMAGE=docker.io/library/python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 PATH=/opt/refit/bin:$PATH
WORKDIR /app

FROM base AS built-for-serving
COPY requirements-serving.txt requirements.lock ./
RUN python3 -m venv /opt/refit \
    && /opt/refit/bin/python -m pip install --no-cache-dir --compile -r requirements-serving.txt -c requirements.lock

FROM base AS built-for-agent
COPY requirements.txt requirements.lock ./
RUN python3 -m venv /opt/refit \
    && /opt/refit/bin/python -m pip install --no-cache-dir --compile -r requirements.txt -c requirements.lock

FROM base AS serving
COPY --from=built-for-serving /opt/refit /opt/refit
COPY pipeline pipeline
COPY serving serving
COPY bin/healthy /usr/local/bin/healthy
RUN python -m compileall -q pipeline serving \
    && useradd --uid 10001 --no-create-home refit \
    && install --directory --owner=refit --group=refit /data
USER 10001
ENV REFIT_HOME=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=6 CMD ["healthy", "http://127.0.0.1:8000/health/live"]
CMD ["python", "-m", "serving", "--host", "0.0.0.0", "--port", "8000"]

FROM base AS agent
COPY --from=built-for-agent /opt/refit /opt/refit
COPY pipeline pipeline
COPY tools tools
COPY prompts prompts
COPY agent agent
COPY bin/healthy /usr/local/bin/healthy
RUN python -m compileall -q pipeline tools agent \
    && useradd --uid 10001 --no-create-home refit \
    && install --directory --owner=refit --group=refit /data /mlflow
USER 10001
ENV REFIT_HOME=/data REFIT_DATA_DIR=/data/data HOME=/tmp MPLCONFIGDIR=/tmp
VOLUME /data
EXPOSE 8100
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=6 CMD ["healthy", "http://127.0.0.1:8100/health"]
CMD ["python", "-m", "agent", "serve", "--with-loop", "--host", "0.0.0.0", "--port", "8100"]
