# fer-jax on a CPU:
#   docker build -t fer-jax .
#   docker run --rm -v "$PWD:/work" fer-jax audit --data=data/mine --out=audits/mine
FROM python:3.11-slim

COPY pyproject.toml README.md LICENSE /src/
COPY fer_jax /src/fer_jax
COPY configs /src/configs
COPY data_prep /src/data_prep
RUN pip install --no-cache-dir "/src[onnx]" && rm -r /src \
    && useradd --create-home --uid 1000 fer

# Runs, data and compiled programs stay in the mounted folder.
ENV JAX_COMPILATION_CACHE_DIR=/work/.cache/xla
USER 1000
WORKDIR /work
ENTRYPOINT ["fer-jax"]
CMD ["--help"]
