FROM cloudblueconnect/connect-extension-runner:43.1

COPY pyproject.toml poetry.* /extension/
WORKDIR /extension
# As in production: the versions of poetry.lock, not the newest.
RUN poetry install --no-root
