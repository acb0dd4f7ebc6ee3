# One image for each role of one tree, none with more than its role needs:
#   serving    answers predictions; neither MLflow nor LangChain nor scikit-learn
#   agent      the loop, the control plane and training; also the MLflow server, which its packages contain
#   dashboard  the pages; knows nothing but the agent's address
#   ray        a node of a Ray cluster: the agent's packages and rooms, Ray, and what runs on it; not in the compose file
# The base is pinned by tag and digest; PYTHON_IMAGE names another one, of Python 3.11 or newer on Debian.
ARG PYTHON_IMAGE=docker.io/library/python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
# The server's image, for the programs that back it up; POSTGRES_IMAGE names that of another server.
ARG POSTGRES_IMAGE=docker.io/library/postgres:17.6-bookworm@sha256:f3bd19c606e442c3d7bdfa8002e03fe260a1023351e0ea4598032022b68dd6e3

FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 PATH=/opt/refit/bin:$PATH
WORKDIR /app

# What installs stays behind; packages arrive compiled to bytecode, without which every start would compile again.
FROM base AS installer
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_SYSTEM_CERTS=1 VIRTUAL_ENV=/opt/refit
RUN --mount=type=cache,target=/root/.cache,sharing=locked \
    python3 -m venv /opt/uv \
    && /opt/uv/bin/python -m pip install --no-compile uv==${UV_VERSION} \
    && python3 -m venv --without-pip /opt/refit
COPY requirements.lock ./

FROM installer AS packages-of-serving
COPY requirements-serving.txt ./
RUN --mount=type=cache,target=/root/.cache,sharing=locked \
    /opt/uv/bin/uv pip install --requirement requirements-serving.txt --constraint requirements.lock

FROM installer AS packages-of-agent
COPY requirements.txt ./
RUN --mount=type=cache,target=/root/.cache,sharing=locked \
    sed -E '/^(altair|streamlit)==/d' requirements.txt > requirements-agent.txt \
    && /opt/uv/bin/uv pip install --requirement requirements-agent.txt --constraint requirements.lock

FROM installer AS packages-of-dashboard
COPY requirements-dashboard.txt ./
RUN --mount=type=cache,target=/root/.cache,sharing=locked \
    /opt/uv/bin/uv pip install --requirement requirements-dashboard.txt --constraint requirements.lock

FROM base AS role
COPY bin/healthy bin/with-secrets /usr/local/bin/
RUN useradd --uid 10001 --no-create-home --home-dir /tmp refit \
    && install --directory --owner=refit --group=refit /data /mlflow
ENV HOME=/tmp
ENTRYPOINT ["with-secrets"]

FROM role AS serving
COPY --from=packages-of-serving /opt/refit /opt/refit
COPY pipeline pipeline
COPY serving serving
RUN python -m compileall -q pipeline serving
USER 10001
ENV REFIT_HOME=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=6 CMD ["healthy", "http://127.0.0.1:8000/health/live"]
CMD ["python", "-m", "serving", "--host", "0.0.0.0", "--port", "8000"]

# pg_dump must not be older than the server, and Debian's is: both programs come from the server's own image, with the
# libraries that they load, but for those of the C library, which are every image's own.
FROM ${POSTGRES_IMAGE} AS programs-of-postgres
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN mkdir -p /opt/postgresql/bin /opt/postgresql/lib \
    && cp /usr/lib/postgresql/*/bin/pg_dump /usr/lib/postgresql/*/bin/pg_restore /opt/postgresql/bin/ \
    && ldd /opt/postgresql/bin/* | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' | sort -u \
        | grep -vE '/lib(c|m|dl|rt|pthread|resolv)\.so' | xargs cp --dereference --target-directory=/opt/postgresql/lib

FROM role AS agent
COPY bin/postgres-program /usr/local/bin/pg_dump
COPY bin/postgres-program /usr/local/bin/pg_restore
COPY --from=programs-of-postgres /opt/postgresql /opt/postgresql
COPY --from=packages-of-agent /opt/refit /opt/refit
COPY pipeline pipeline
COPY tools tools
COPY prompts prompts
COPY agent agent
RUN python -m compileall -q pipeline tools agent
USER 10001
ENV REFIT_HOME=/data MPLCONFIGDIR=/tmp
VOLUME /data
EXPOSE 8100
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=6 CMD ["healthy", "http://127.0.0.1:8100/health/live"]
CMD ["python", "-m", "agent", "serve", "--with-loop", "--host", "0.0.0.0", "--port", "8100"]

FROM agent AS ray
USER 0
COPY requirements-ray.txt requirements.lock ./
RUN --mount=type=cache,target=/root/.cache,sharing=locked --mount=type=bind,from=installer,source=/opt/uv,target=/opt/uv \
    UV_LINK_MODE=copy UV_SYSTEM_CERTS=1 /opt/uv/bin/uv pip install --python /opt/refit/bin/python --compile-bytecode \
    --requirement requirements-ray.txt --constraint requirements.lock
COPY serving serving
COPY scaling scaling
RUN python -m compileall -q serving scaling
USER 10001
ENV RAY_USAGE_STATS_ENABLED=0
EXPOSE 6379 8265 10001
HEALTHCHECK NONE
CMD ["ray", "start", "--head", "--port", "6379", "--block"]

FROM role AS dashboard
COPY --from=packages-of-dashboard /opt/refit /opt/refit
COPY .streamlit .streamlit
COPY dashboard dashboard
RUN python -m compileall -q dashboard
USER 10001
EXPOSE 8501
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=6 CMD ["healthy", "http://127.0.0.1:8501/_stcore/health"]
CMD ["python", "-m", "dashboard", "--host", "0.0.0.0", "--port", "8501"]
