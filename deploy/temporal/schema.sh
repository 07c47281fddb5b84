#!/bin/sh
# Makes Temporal's tables, or brings them up to the version of this image. May be repeated.
# Needs: POSTGRES_HOST, POSTGRES_PORT, SQL_PASSWORD (of the user temporal). The databases are there already.
set -eu

tool() {
  temporal-sql-tool --plugin postgres12_pgx --ep "$POSTGRES_HOST" -p "$POSTGRES_PORT" -u temporal "$@"
}

bring_up_to_date() {
  tool --db "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

for pair in temporal:temporal temporal_visibility:visibility; do
  name=${pair%:*} kind=${pair#*:}
  said=$(bring_up_to_date "$name" "$kind" 2>&1) && continue
  echo "$said"
  # setup-schema sets the version back to 0.0, so it must not run where there are tables.
  case "$said" in
    *schema_version*"does not exist"*) tool --db "$name" setup-schema -v 0.0 && bring_up_to_date "$name" "$kind" ;;
    *) exit 1 ;;
  esac
done
