# An environment for the pipeline and the tests:
#   docker build --tag hemline . && docker run --rm --init hemline make test
FROM python:3.11-slim-bookworm

# Not every builder gives a WORKDIR to the USER, so it is made here.
# Debian keeps only the newest version of a package, so versions cannot be pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 hemline \
    && install --directory --owner=hemline --group=hemline /home/hemline/project

USER 1000
WORKDIR /home/hemline/project
# First, so that a change of code does not install the dependencies again.
COPY --chown=hemline Makefile requirements.lock ./
COPY --chown=hemline tools/hemline tools/
RUN make setup
COPY --chown=hemline . .
CMD ["make"]
