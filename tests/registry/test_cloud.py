"""The official client against an emulator over HTTP. The emulator ignores preconditions; test_registry holds those."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from gcp_storage_emulator.server import create_server

from leadwerk.errors import ConfigurationError, CorruptModel, RegistryUnavailable, WriteConflict
from leadwerk.registry import cloud, open_registry, open_store
from support.registry_files import FILES, NOW, manifest
from support.strict_storage import strict_storage


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def endpoint():
    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket="leadwerk")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def registry(endpoint, request):
    return open_registry(f"gs://leadwerk/{request.node.name}", endpoint)


def test_a_version_is_stored_promoted_and_loaded_over_http(registry):
    version = registry.save(FILES, manifest())
    registry.promote(version, expected=registry.champion(), at=NOW, reason="first")
    loaded = registry.champion_files()
    assert (loaded.version, loaded.files) == (version, FILES)
    assert registry.versions() == [version]


def test_rollback_over_http(registry):
    first, two = (registry.save(FILES, manifest(seed=seed)) for seed in (1, 2))
    registry.promote(first, expected=None, at=NOW, reason="")
    registry.promote(two, expected=registry.champion(), at=NOW, reason="")
    assert registry.rollback(at=NOW).version == first


def test_a_changed_object_is_noticed(registry, endpoint, request):
    version = registry.save(FILES, manifest())
    open_store(f"gs://leadwerk/{request.node.name}", endpoint).write(f"{version}/model.ubj", b"other trees")
    with pytest.raises(CorruptModel, match=r"model\.ubj"):
        registry.load(version)


def test_names_are_relative_to_the_prefix(endpoint):
    store = open_store("gs://leadwerk/reports/", endpoint)
    store.write("2026/report.html", b"<html>", content_type="text/html")
    assert store.names() == ["2026/report.html"]
    assert store.read("2026/report.html").data == b"<html>"
    assert store.read("nothing") is None


def object_requests(bucket):
    """Requests for objects; the client looks at the bucket by itself, in the background."""
    return [path for path in bucket.requests if "/o/" in path]


def test_an_object_is_read_in_one_request_with_the_generation_that_it_swaps_by():
    with strict_storage() as (url, bucket):
        store = open_store("gs://leadwerk/models", url)
        store.write("champion.json", b"old")
        read = store.read("champion.json")
        assert (read.data, read.generation) == bucket.objects["models/champion.json"]
        assert len(object_requests(bucket)) == 1
        store.write("champion.json", b"new", generation=read.generation)
        with pytest.raises(WriteConflict):
            store.write("champion.json", b"newer", generation=read.generation)


def test_an_object_that_is_not_there_is_asked_for_once():
    with strict_storage() as (url, bucket):
        assert open_store("gs://leadwerk", url).read("nothing") is None
        assert len(object_requests(bucket)) == 1


def test_a_champion_is_loaded_with_a_request_for_each_of_its_objects():
    with strict_storage() as (url, bucket):
        registry = open_registry("gs://leadwerk/models", url)
        registry.promote(registry.save(FILES, manifest()), expected=None, at=NOW, reason="first")
        bucket.requests.clear()
        assert registry.champion_files().files == FILES
        names = [path.partition("/o/")[2].partition("?")[0] for path in object_requests(bucket)]
        assert sorted(names) == sorted({*names})
        assert len(names) == len(FILES) + 2  # and the pointer and the manifest


class Precondition(BaseHTTPRequestHandler):
    """Answers every upload as Cloud Storage does when the generation is another one."""

    preconditions: ClassVar[list[str]] = []

    def do_POST(self):
        self.preconditions.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"error": {"code": 412, "message": "conditionNotMet"}}).encode()
        self.send_response(412)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_an_unmet_generation_is_a_conflict_and_the_client_sends_it():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Precondition)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        store = open_store("gs://leadwerk/models", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(WriteConflict):
            store.write("champion.json", b"{}", generation=7)
        assert "ifGenerationMatch=7" in Precondition.preconditions[-1]
    finally:
        server.shutdown()
        server.server_close()


def test_a_storage_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(cloud, "TIMEOUT", 0.2)
    monkeypatch.setattr(cloud, "PATIENCE", cloud.DEFAULT_RETRY.with_timeout(0.5))
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        store = open_store("gs://leadwerk/models", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(RegistryUnavailable, match="did not answer"):
            store.read("champion.json")
        assert time.monotonic() - started < 10


def test_a_bucket_that_is_not_there_is_a_wrong_setting(endpoint):
    with pytest.raises(ConfigurationError, match="gs://nowhere"):
        open_store("gs://nowhere/models", endpoint).write("champion.json", b"{}")
