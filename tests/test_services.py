"""Services are asked where the configuration says, bounded and checked, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from fetch_kit import Kit
from stamp_kit import Authority, StampServer, services
from wire_proxies import HttpProxy
from wire_server import WireServer
from wire_tls import authority as tls_authority

from preserve.fetch import HttpServices
from preserve.stamps import make_query, verify_response


def test_a_service_that_the_configuration_names_may_be_anywhere_and_no_other() -> None:
    with StampServer() as server:
        asked = server.url("/calendar/timestamp/00")
        assert services().get(asked, "*/*", 1000, configured=True).status == 404
        refused = services().get(asked, "*/*", 1000, configured=False)
        assert refused.status is None
        assert "is not asked" in refused.refusal
        assert len(server.asked) == 1


def test_a_service_is_asked_over_tls_and_its_certificate_checked(tmp_path: Path) -> None:
    signer = Authority(tmp_path / "authority").signer("one")
    with StampServer(tls_authority().server("127.0.0.1")) as server:
        server.signers = {"one": signer}
        query = make_query(b"note")
        sent = (server.url("/tsa/one"), query.body, "application/timestamp-query", "*/*", 65536)
        reply = services().post(*sent)
        assert verify_response(reply.body, b"note", (), query.nonce).holds
        stranger = Kit(ca_file="")
        assert "TLS" in HttpServices(stranger.settings, stranger.tools).post(*sent).refusal


def test_a_service_is_asked_through_the_proxy_that_sources_are_asked_through() -> None:
    url = "http://time.example/tsa"
    with WireServer({url: [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]}) as behind, HttpProxy(behind) as proxy:
        reply = services(proxy=proxy.url).post(url, b"question", "a/b", "*/*", 1000)
        assert (reply.status, reply.body) == (200, b"ok")
        assert behind.heads[0].startswith(b"POST http://time.example/tsa HTTP/1.1\r\n")
        assert b"Content-Length: 8\r\n" in behind.heads[0]
