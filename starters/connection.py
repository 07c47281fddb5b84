"""The connection to Temporal, by its own environment variables and profiles, and what to mend if there is none."""

from collections.abc import Sequence

from temporalio.client import Client, Plugin
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime

from starters.errors import ServiceUnavailable

_CAUSES = (
    (
        "UnknownIssuer",
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
        "nobody who is trusted here signed its certificate",
    ),
    ("NotValidForName", "TEMPORAL_TLS_SERVER_NAME", "its certificate is for another name"),
    ("Expired", "TEMPORAL_ADDRESS", "its certificate has expired"),
    (
        "InvalidContentType",
        "TEMPORAL_TLS",
        "it speaks no TLS, which a certificate or a key asks for as well",
    ),
    ("Unauthenticated", "TEMPORAL_API_KEY", "it does not take the key"),
    ("PermissionDenied", "TEMPORAL_API_KEY", "the key may not use this namespace"),
)
"""What the SDK's text holds, which is all it says of a cause; the setting to look at; and what that means."""

_HUNG_UP = ("transport error", "connection closed")
"""What the SDK says of a connection that was ended: which of them depends on what was on its way just then."""


async def connect_temporal(
    address: str | None = None,
    namespace: str | None = None,
    runtime: Runtime | None = None,
    plugins: Sequence[Plugin] = (),
) -> Client:
    """Connect to Temporal with the converter that every part of the pipeline shares.

    Args:
        address: By default Temporal's environment variables and profiles say it, as the namespace.
        namespace: The namespace.
        runtime: Where metrics and logs of the client go; by default nowhere and to standard error.
        plugins: What else goes with each call, such as the trace that it belongs to.

    Raises:
        ServiceUnavailable: If the server cannot be reached or refuses; its `field` is the setting to look at.
    """
    try:
        config = ClientConfig.load_client_connect_config()
    except OSError as error:
        raise ServiceUnavailable(f"A certificate or key cannot be read: {error}", "TEMPORAL_TLS") from error
    except (ValueError, RuntimeError) as error:
        raise ServiceUnavailable(f"Temporal's profile cannot be read: {error}", "TEMPORAL_CONFIG_FILE") from error
    config.setdefault("target_host", "localhost:7233")
    if address:
        config["target_host"] = address
    if namespace:
        config["namespace"] = namespace
    try:
        return await Client.connect(
            **config, data_converter=pydantic_data_converter, runtime=runtime, plugins=plugins
        )
    except ValueError as error:
        raise ServiceUnavailable(f"A certificate or key cannot be used: {error}", "TEMPORAL_TLS") from error
    except RuntimeError as error:
        raise _explained(str(error), config["target_host"], speaks_tls=_speaks_tls(config)) from error


def _speaks_tls(config: ClientConnectConfig) -> bool:
    return bool(config.get("tls") or config.get("api_key"))


def _explained(told: str, where: str, speaks_tls: bool) -> ServiceUnavailable:
    for sign, setting, why in _CAUSES:
        if sign in told:
            return ServiceUnavailable(f"Temporal at {where} cannot be used: {why}. Look at {setting}.", setting)
    if any(sign in told for sign in _HUNG_UP):
        if speaks_tls:
            return ServiceUnavailable(
                f"Temporal at {where} hung up, as it does on a client whose certificate it does not take. "
                "Look at TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.",
                "TEMPORAL_TLS_CLIENT_CERT_PATH",
            )
        return ServiceUnavailable(
            f"What answers at {where} hung up, as a server does that speaks TLS only. Set TEMPORAL_TLS=true.",
            "TEMPORAL_TLS",
        )
    return ServiceUnavailable(
        f"No Temporal server answers at {where}. Start one with `returns up`, or set TEMPORAL_ADDRESS.",
        "TEMPORAL_ADDRESS",
    )
