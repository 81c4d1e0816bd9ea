# syntax=docker/dockerfile:1
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
# The tag takes gosnmp's logging out: it would print communities.
RUN CGO_ENABLED=0 go build -trimpath -tags gosnmp_nodebug -ldflags "-s -w -X main.version=${VERSION}" \
      -o /out/routerpulse ./cmd/routerpulse && mkdir /out/data

# Nothing but the program: no shell, no package manager, nothing to update.
FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="RouterPulse" \
      org.opencontainers.image.description="Metrics of MikroTik routers: gathered, kept, and live in the browser" \
      org.opencontainers.image.source="https://github.com/routerpulse/routerpulse" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/routerpulse /routerpulse
COPY LICENSE NOTICE /licenses/
# A new volume takes over the owner.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 CMD ["/routerpulse", "healthcheck"]
ENTRYPOINT ["/routerpulse"]
CMD ["serve", "--config.file", "/etc/routerpulse/routerpulse.yaml"]
