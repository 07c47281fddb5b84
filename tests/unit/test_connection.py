"""TLS from Temporal's environment variables is really used, and what is wrong is told with the setting to look at.

A relay speaks TLS to the client and plain gRPC to the run's server, as a proxy before a cluster does.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import trustme
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from starters.connection import connect_temporal
from starters.errors import ReturnsError, ServiceUnavailable
from starters.namespace import attributes_of
from starters.setup import prepare_namespace
from testkit.environment import TimeSkippingEnv
from workers.namespace import NotPrepared, require_prepared_namespace

CA, NAME = "TEMPORAL_TLS_SERVER_CA_CERT_PATH", "TEMPORAL_TLS_SERVER_NAME"
CERT, KEY = "TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_KEY_PATH"


class Certificates:
    """Certificates in a folder: of two authorities, and of a server, a client and a stranger that they signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        authorities = {name: trustme.CA(key_type=trustme.KeyType.ECDSA) for name in ("ours", "other")}
        for name, authority in authorities.items():
            authority.cert_pem.write_to_path(folder / f"{name}.pem")
        for name, signed_by in (("server", "ours"), ("client", "ours"), ("stranger", "other")):
            issued = authorities[signed_by].issue_cert("localhost", key_type=trustme.KeyType.ECDSA)
            issued.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
            issued.private_key_pem.write_to_path(folder / f"{name}.key")

    def server(self, asks_for_a_certificate: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        context.set_alpn_protocols(["h2"])
        if asks_for_a_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.folder / "ours.pem")
        return context


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


async def relay(server: str, tls: ssl.SSLContext) -> tuple[asyncio.Server, str]:
    host, _, port = server.partition(":")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer))

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    return listening, f"localhost:{listening.sockets[0].getsockname()[1]}"


@pytest.fixture
async def tls_address(time_skipping_env: TimeSkippingEnv, certificates: Certificates) -> AsyncIterator[str]:
    listening, address = await relay(time_skipping_env.address, certificates.server(False))
    yield address
    listening.close()


@pytest.fixture
async def mtls_address(time_skipping_env: TimeSkippingEnv, certificates: Certificates) -> AsyncIterator[str]:
    listening, address = await relay(time_skipping_env.address, certificates.server(True))
    yield address
    listening.close()


def given(monkeypatch: pytest.MonkeyPatch, folder: Path, **variables: str) -> None:
    for name, value in variables.items():
        is_file = value.endswith((".pem", ".key", ".toml"))
        monkeypatch.setenv(name, str(folder / value) if is_file else value)


async def test_tls_from_the_environment_is_used(
    tls_address: str, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, certificates.folder, TEMPORAL_ADDRESS=tls_address, **{CA: "ours.pem"})
    assert (await connect_temporal()).service_client.config.tls


async def test_a_profile_brings_a_client_certificate(
    mtls_address: str, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = certificates.folder
    tls = {"server_ca_cert_path": "ours.pem", "client_cert_path": "client.pem", "client_key_path": "client.key"}
    lines = [f'{name} = "{folder / file}"' for name, file in tls.items()]
    text = "\n".join([f'[profile.shop]\naddress = "{mtls_address}"\n[profile.shop.tls]', *lines])
    (folder / "profiles.toml").write_text(text)
    given(monkeypatch, folder, TEMPORAL_CONFIG_FILE="profiles.toml", TEMPORAL_PROFILE="shop")
    await connect_temporal()


@pytest.mark.parametrize(
    ("variables", "setting"),
    [
        ({}, "TEMPORAL_TLS"),
        ({"TEMPORAL_TLS": "true"}, CA),
        ({CA: "other.pem"}, CA),
        ({CA: "ours.pem", NAME: "elsewhere"}, NAME),
        ({CA: "missing.pem"}, "TEMPORAL_TLS"),
        ({CA: "ours.pem", CERT: "client.pem"}, "TEMPORAL_TLS"),
    ],
)
async def test_what_is_wrong_with_tls_is_told_with_its_setting(
    tls_address: str,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    setting: str,
) -> None:
    given(monkeypatch, certificates.folder, TEMPORAL_ADDRESS=tls_address, **variables)
    with pytest.raises(ServiceUnavailable) as refused:
        await connect_temporal()
    assert refused.value.field == setting, refused.value


@pytest.mark.parametrize("shown", [{}, {CERT: "stranger.pem", KEY: "stranger.key"}])
async def test_a_client_certificate_that_is_not_taken_is_told(
    mtls_address: str, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, shown: dict[str, str]
) -> None:
    given(monkeypatch, certificates.folder, TEMPORAL_ADDRESS=mtls_address, **{CA: "ours.pem"}, **shown)
    with pytest.raises(ServiceUnavailable, match=CERT):
        await connect_temporal()


@pytest.mark.parametrize("told", ['message: "transport error"', 'hyper::Error(Canceled, "connection closed")'])
async def test_a_server_that_hangs_up_is_told_however_the_client_notices(
    monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    async def connect(*_: object, **__: object) -> None:
        raise RuntimeError(f"Failed client connect: `get_system_info` call error after connection: {told}")

    monkeypatch.setattr(Client, "connect", connect)
    monkeypatch.setenv("TEMPORAL_TLS", "true")
    with pytest.raises(ServiceUnavailable, match=CERT):
        await connect_temporal()


@pytest.mark.parametrize(
    ("variables", "setting"),
    [({"TEMPORAL_TLS": "true"}, "TEMPORAL_TLS"), ({"TEMPORAL_PROFILE": "nowhere"}, "TEMPORAL_CONFIG_FILE")],
)
async def test_a_server_without_tls_and_a_profile_that_is_not_there_are_told(
    time_skipping_env: TimeSkippingEnv, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], setting: str
) -> None:
    given(monkeypatch, Path(), TEMPORAL_ADDRESS=time_skipping_env.address, **variables)
    with pytest.raises(ServiceUnavailable) as refused:
        await connect_temporal()
    assert refused.value.field == setting, refused.value


async def test_a_namespace_that_is_not_there_is_told(time_skipping_env: TimeSkippingEnv) -> None:
    client = await connect_temporal(time_skipping_env.address, f"none-{uuid4().hex}")
    with pytest.raises(NotPrepared, match="temporal operator namespace create"):
        await require_prepared_namespace(client)


async def bare_namespace(env: TimeSkippingEnv) -> Client:
    """A namespace that nobody has set up; it takes a moment until the server knows it everywhere."""
    name = f"bare-{uuid4().hex}"
    request = RegisterNamespaceRequest(namespace=name)
    request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    await env.client.workflow_service.register_namespace(request)
    client = await connect_temporal(env.address, name)
    async with asyncio.timeout(20):
        while True:
            with pytest.raises(NotPrepared) as refused:
                await require_prepared_namespace(client)
            if "There is no namespace" not in str(refused.value):
                return client
            await asyncio.sleep(0.1)


async def test_a_namespace_without_the_search_attributes_is_told(time_skipping_env: TimeSkippingEnv) -> None:
    client = await bare_namespace(time_skipping_env)
    with pytest.raises(NotPrepared) as refused:
        await require_prepared_namespace(client)
    assert "lacks the search attributes ReturnBreached, ReturnBreachedAt" in str(refused.value)
    assert "`returns setup`" in str(refused.value)


async def test_a_namespace_with_one_of_another_type_is_told(time_skipping_env: TimeSkippingEnv) -> None:
    client = await bare_namespace(time_skipping_env)
    other = {"ReturnRefundMinor": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=other)
    )
    async with asyncio.timeout(20):
        while not (await attributes_of(client)).of_another_type:
            await asyncio.sleep(0.05)
    with pytest.raises(NotPrepared, match="has ReturnRefundMinor with another type"):
        await require_prepared_namespace(client)


async def test_a_namespace_without_room_for_them_is_told(time_skipping_env: TimeSkippingEnv) -> None:
    client = await bare_namespace(time_skipping_env)
    taken = {f"Taken{number}": IndexedValueType.INDEXED_VALUE_TYPE_INT for number in range(3)}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=taken)
    )
    with pytest.raises(ReturnsError, match="give the returns a namespace of their own"):
        await prepare_namespace(client)
