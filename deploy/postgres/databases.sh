#!/bin/sh
# Makes a user and its databases for Temporal, and for the ledger. PostgreSQL's image runs it once, on an empty volume.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=temporal="$TEMPORAL_DB_PASSWORD" --set=ledger="$LEDGER_DB_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE ROLE returnflow LOGIN PASSWORD :'ledger';
CREATE DATABASE ledger OWNER returnflow;
SQL
