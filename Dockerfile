# Portolan as an image. The compiler and what only development needs stay behind in the first stage.
ARG NODE_VERSION=26.10.0

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /app
# Before the sources, so that a change of the sources does not install everything again.
COPY package.json package-lock.json .npmrc ./
# What Portolan depends on needs no install scripts, so none may run.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY schemas ./schemas
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:${NODE_VERSION}-slim
ARG NODE_VERSION
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Portolan" \
      org.opencontainers.image.description="One catalog of every OCI registry an organisation runs or relies on: what exists, what works right now, what is inside." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/node:${NODE_VERSION}-slim"
WORKDIR /app
COPY package.json LICENSE ./
COPY bin ./bin
COPY schemas ./schemas
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The only place that is written to. It belongs to the user below, and so does a new volume there.
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/portolan && ln -s /app/bin/portolan.js /usr/local/bin/portolan
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/var/lib/portolan LOG_FORMAT=json
# By number, so that an orchestrator can see that it is not root, and by one that no user of a host is likely to have.
USER 10001:10001
VOLUME /var/lib/portolan
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["node", "dist/main.js", "--check-health"]
ENTRYPOINT ["node", "dist/main.js"]
