"""Identity-aware proxy as the desk sees it: signed assertions, and the keys that verify them."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.auth import crypt, jwt

from leadwerk.web.door.iap import ASSERTION, ISSUER

AUDIENCE = "/projects/1/locations/europe-west6/services/desk"


class Proxy:
    """Stands for identity-aware proxy: signs assertions, and serves its public keys as Google does."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({name: key.decode() for name, key in proxy.keys.items()}).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.signer = self.new_key("one")

    def new_key(self, name: str, *, published: bool = True) -> crypt.EsSigner:
        private = ec.generate_private_key(ec.SECP256R1())
        if published:
            self.keys[name] = private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return crypt.EsSigner.from_string(pem, name)

    def headers(self, email: str = "anna@example.ch", signer: Any = None, **claims: Any) -> dict[str, str]:
        now = datetime.now(UTC).timestamp()
        payload = {"iss": ISSUER, "aud": AUDIENCE, "email": email, "iat": int(now), "exp": int(now) + 600} | claims
        return {ASSERTION: jwt.encode(signer or self.signer, payload).decode()}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
