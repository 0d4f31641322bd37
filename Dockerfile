FROM cloudblueconnect/connect-extension-runner:43.1

COPY pyproject.toml poetry.* /extension/
WORKDIR /extension
RUN poetry update && poetry install --no-root
