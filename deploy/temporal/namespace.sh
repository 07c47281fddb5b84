#!/bin/sh
# Makes the namespace, if there is none. May be repeated. Needs: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, RETENTION.
set -eu
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
