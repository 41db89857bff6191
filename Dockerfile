FROM node:20-bookworm-slim AS web
WORKDIR /src/pwa
COPY pwa/package.json pwa/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY pwa/ ./
COPY sync/testdata /src/sync/testdata
RUN npx vite build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/pwa/dist pwa/dist
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /preau ./cmd/preau && mkdir /data && chown 65532:65532 /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /zoneinfo.zip
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build /preau /preau
ENV ZONEINFO=/zoneinfo.zip PREAU_DATA=/data
USER 65532:65532
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/preau"]
CMD ["serve", "-addr", ":8080"]
