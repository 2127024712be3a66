"""Pub/Sub as its push subscribers see it: signed tokens, repeats until 2xx, and repeats after that too."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

AUDIENCE, ACCOUNT = "https://ingest.example.ch/pubsub", "push@project.iam.gserviceaccount.com"


class Google:
    """A signer of OIDC tokens whose public certificates stand at `url`."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.signer = self.new_key("one")
        google = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(google.keys).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Keys)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def new_key(self, name: str, *, published: bool = True) -> Any:
        private = rsa.generate_private_key(65_537, 2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "google")])
        begin = datetime(datetime.now(UTC).year - 1, 1, 1, tzinfo=UTC)
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(private.public_key())
            .serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=1200))
            .sign(private, hashes.SHA256())
        )  # fmt: skip
        if published:
            self.keys[name] = certificate.public_bytes(serialization.Encoding.PEM).decode()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return crypt.RSASigner.from_string(pem, name)  # type: ignore[no-untyped-call]

    def headers(self, signer: Any = None, **claims: Any) -> dict[str, str]:
        now = int(datetime.now(UTC).timestamp())
        payload = {
            "iss": "https://accounts.google.com", "aud": AUDIENCE, "email": ACCOUNT, "email_verified": True,
            "iat": now, "exp": now + 3600,
        }  # fmt: skip
        token = jwt.encode(signer or self.signer, payload | claims).decode()  # type: ignore[no-untyped-call]
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def environment(google: Google) -> dict[str, str]:
    return {
        "LEADWERK_PUSH_AUDIENCE": AUDIENCE, "LEADWERK_PUSH_ACCOUNT": ACCOUNT, "LEADWERK_PUSH_KEYS_URL": google.url,
    }  # fmt: skip


def pushed(events: Any, message_id: str = "m1") -> bytes:
    """A message with events, in the envelope of a push."""
    return enveloped(base64.b64encode(json.dumps(events).encode()).decode(), message_id)


def enveloped(data: str, message_id: str) -> bytes:
    """A message of base64 `data` in the envelope of a push."""
    message = {"data": data, "messageId": message_id, "publishTime": "2026-02-01T08:00:00.123Z", "attributes": {}}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()
