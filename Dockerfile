# The images of the three programs: `--target coordinator`, `worker` or `turn`. How they are built, run and kept small:
# docs/containers.md. Nothing here names a processor, so every target builds wherever its packages do (amd64, arm64).

ARG BASE=debian:bookworm-slim

# ----- what every image has: Debian's Python, an init, the certificates of https, and a user without rights

FROM ${BASE} AS python
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*

FROM python AS program
ENV PATH=/opt/coinop/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1
RUN groupadd --gid 10001 coinop \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin coinop \
    && install -d -o 10001 -g 10001 -m 0750 /data /secrets /copies/coordinator /copies/worker /copies/turn /copies/store
USER 10001:10001
ENTRYPOINT ["/usr/bin/tini", "--", "coinop"]
STOPSIGNAL SIGTERM

# ----- what is needed to build, and stays behind

FROM python AS tools
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends binutils python3-venv \
    && python3 -m venv /tools \
    && python3 -m venv --without-pip /opt/coinop
# `install-locked LOCK`, without the debug symbols that some packages come with.
COPY containers/install-locked.sh /usr/local/bin/install-locked
# The packages' files, with the hashes that `make lock` has found: an index can't change what is installed.
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ONLY_BINARY=:all: \
    PIP_REQUIRE_HASHES=1 \
    PIP_ROOT_USER_ACTION=ignore

FROM tools AS wheel
COPY containers/locks/build.txt /locks/
RUN /tools/bin/pip install --quiet --requirement /locks/build.txt
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY coinop coinop
COPY coordinator coordinator
COPY turn turn
COPY worker worker
COPY web web
COPY games games
RUN /tools/bin/python -m hatchling build --target wheel --directory /wheels

# What every image has of ours, apart from the packages that it needs: these are a layer that a new version leaves as it is.
FROM wheel AS ours
RUN PIP_REQUIRE_HASHES= /tools/bin/pip --python /opt/coinop/bin/python install --quiet --no-index --no-deps /wheels/*.whl

FROM tools AS coordinator-packages
COPY containers/locks/coordinator.txt /locks/
RUN install-locked /locks/coordinator.txt

FROM tools AS worker-packages
COPY containers/locks/worker.txt /locks/
RUN install-locked /locks/worker.txt

FROM tools AS turn-packages
COPY containers/locks/turn.txt /locks/
RUN install-locked /locks/turn.txt

# The data path's machine code, for any processor of the architecture, so that no start has to make it.
FROM turn-packages AS compiled
COPY --from=ours /opt/coinop /opt/coinop
ENV NUMBA_CPU_NAME=generic
RUN /opt/coinop/bin/python -c 'from turn.datapath.event_loop import new_event_loop; new_event_loop().close()'

# Debian's cores without the frontend that their packages depend on: it would bring a desktop along.
FROM python AS cores
WORKDIR /packages
RUN apt-get update \
    && apt-get download libretro-beetle-pce-fast libretro-beetle-psx libretro-beetle-vb libretro-beetle-wswan \
        libretro-bsnes-mercury-balanced libretro-desmume libretro-gambatte libretro-mgba libretro-nestopia \
    && for package in *.deb; do dpkg-deb --extract "$package" /cores || exit 1; done

# ----- the images

FROM program AS coordinator
COPY --from=coordinator-packages /opt/coinop /opt/coinop
COPY --from=ours /opt/coinop /opt/coinop
ENV COINOP_COORDINATOR_HOST=0.0.0.0 \
    COINOP_PROBE_URL=http://127.0.0.1:8000/live
EXPOSE 8000/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["coinop", "probe"]
CMD ["coordinator"]
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="coinop-coordinator" \
    org.opencontainers.image.description="coinop: the page, the library and the signalling" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"

FROM program AS worker
USER root
# The libraries that the cores are linked to.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        libinih1 libsndfile1 libstdc++6 libtinyxml2.6.2v5 libtrio2 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY --from=cores /cores/usr/lib /usr/lib
COPY --from=cores /cores/usr/share/doc /usr/share/doc
COPY --from=worker-packages /opt/coinop /opt/coinop
COPY --from=ours /opt/coinop /opt/coinop
RUN ! ldd /usr/lib/*/libretro/*.so | grep "not found" \
    && ln -s "$(/opt/coinop/bin/python -c 'from worker.config import own_games; print(own_games())')" /games-builtin \
    && install -d /games \
    && install -d -o 10001 -g 10001 -m 0750 /data/saves /data/system
USER 10001:10001
ENV COINOP_WORKER_GAMES='["/games-builtin", "/games"]' \
    COINOP_WORKER_SAVES=/data/saves \
    COINOP_WORKER_SYSTEM=/data/system \
    COINOP_WORKER_METRICS_HOST=0.0.0.0 \
    COINOP_PROBE_URL=http://127.0.0.1:8001/ready
EXPOSE 8001/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["coinop", "probe"]
CMD ["worker"]
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="coinop-worker" \
    org.opencontainers.image.description="coinop: the games, with Debian's free libretro cores" \
    org.opencontainers.image.licenses="MIT AND GPL-2.0-only AND GPL-2.0-or-later AND GPL-3.0-or-later AND MPL-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"

FROM program AS turn
COPY --from=turn-packages /opt/coinop /opt/coinop
COPY --from=ours /opt/coinop /opt/coinop
COPY --from=compiled /opt/coinop/lib/python3.11/site-packages/turn /opt/coinop/lib/python3.11/site-packages/turn
ENV COINOP_TURN_INTERNAL_HOST=0.0.0.0 \
    NUMBA_CPU_NAME=generic
EXPOSE 3478/udp 3478/tcp 5349/udp 5349/tcp 8080/tcp 8086/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["coinop", "turn", "probe"]
CMD ["turn"]
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="coinop-turn" \
    org.opencontainers.image.description="coinop: the gateway" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
