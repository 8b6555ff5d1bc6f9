"""HTTP/1.1: takes requests off a connection, checks the token, runs them and writes the answers."""

import json
import select
import socket
import ssl
import time
import traceback
from http.server import BaseHTTPRequestHandler

from . import admin, discovery, errors, faults, lists, protobuf, requests, tables
from .conversion import to_stored, to_version
from .operations import patcher
from .selection import predicate
from .store import Entry
from .watch import Cut, Watch


class Handler(BaseHTTPRequestHandler):
    """One a connection. `self.server.standin` is what is served."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def setup(self):
        if self.server.tls:
            self.request.settimeout(10)
            plain = self.request
            self.request = self.server.tls.wrap_socket(plain, server_side=True)
            self.server.replace_connection(plain, self.request)
            self.request.settimeout(None)
        super().setup()

    def finish(self):
        super().finish()
        if self.server.tls:
            self.server.replace_connection(self.request, None)
            self.request.close()

    def log_message(self, *arguments):
        """Nothing is logged: tests ask /standin/requests."""

    def do_GET(self):
        standin = self.server.standin
        self._answered, self._asked = False, None
        path = requests.path_of(self.path)
        try:
            body = self._read_body()
            if not discovery.is_public(path):
                self._check_token(standin)
            if path.startswith("/standin/"):
                self._send_json(200, admin.answer(standin, self.command, self.path, self._json(body)))
            else:
                self._serve(standin, path, body)
        except errors.ApiError as error:
            self._fail(error)
        except (Cut, ConnectionError, TimeoutError):
            self._cut()
        except Exception:  # Whatever a raw object made go wrong is answered, as kube-apiserver answers its panics.
            if self._answered:
                self._cut()
            else:
                self._fail(errors.ApiError(500, "InternalError", traceback.format_exc(limit=-2), {}))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _fail(self, error):
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
        self._send_json(error.code, error.status(), headers)

    def _cut(self):
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _json(self, body):
        if self._content_type() == protobuf.MEDIA_TYPE:
            return protobuf.decode(body)
        try:
            return json.loads(body) if body.strip() else {}
        except ValueError as error:
            raise errors.bad_request(f"invalid JSON: {error}") from None

    def _check_token(self, standin):
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        administers = self.path.startswith("/standin/")
        known = standin.old_tokens | {standin.token} if administers else {standin.token}
        if kind.lower() != "bearer" or token.strip() not in known:
            raise errors.unauthorized()

    def _serve(self, standin, path, body):
        if standin.faults.delay_ms:
            time.sleep(standin.faults.delay_ms / 1000)
        about = discovery.answer(path, self.headers.get("Accept"))
        if about and self.command in ("GET", "HEAD"):
            self._send(200, about[0], json.dumps(about[1]) if isinstance(about[1], dict) else about[1])
            return
        request = self._asked = requests.parse(self.command, self.path)
        rule = standin.faults.take(request)
        if rule and rule.get("applied"):
            _run_write(standin, request, self._json(body), self._content_type())
        if rule and rule.get("reset"):
            self._log(0)
            raise Cut
        if rule:
            raise faults.failure(rule)
        if request.verb == "watch":
            self._watch(standin, request)
        elif request.verb == "list":
            self._list(standin, request)
        else:
            code, answer = _run_write(standin, request, self._json(body), self._content_type())
            self._send_object(code, request, answer)

    def _content_type(self):
        return self.headers.get("Content-Type", "").split(";")[0].strip()

    def _send_object(self, code, request, answer):
        version = tables.asked_for(self.headers.get("Accept"))
        if answer["kind"] == "Status":
            self._send_json(code, answer)
            return
        told = to_version(request.resource, request.version, answer)
        if version and self.command == "GET":
            metadata = {"resourceVersion": answer["metadata"]["resourceVersion"]}
            told = tables.table(request.resource, [Entry(told)], metadata, version, request.query.get("includeObject"))
        self._send_json(code, told)

    def _list(self, standin, request):
        version = tables.asked_for(self.headers.get("Accept"))
        resource = request.resource
        selects = predicate(resource, request.namespace, request.name, request.query)
        with standin.store.lock:
            metadata, entries = lists.select(standin.store, resource.plural, request.query, selects)
        if request.version != resource.versions[0]:
            entries = [Entry(to_version(resource, request.version, entry.object)) for entry in entries]
        if version:
            self._send_json(200, tables.table(resource, entries, metadata, version, request.query.get("includeObject")))
            return
        head = {"kind": resource.kind + "List", "apiVersion": resource.api_version(request.version),
                "metadata": metadata}
        items = ",".join(entry.item_text() for entry in entries)
        self._send(200, "application/json", f'{json.dumps(head)[:-1]}, "items": [{items}]}}')

    def _watch(self, standin, request):
        version = tables.asked_for(self.headers.get("Accept"))
        selects = predicate(request.resource, request.namespace, request.name, request.query)
        encode = tables.encoder(request.resource, version, request.query.get("includeObject")) if version else (
            _encoder(request))
        watch = Watch(standin.store, standin.faults, request, selects, encode)
        frames = watch.frames(lambda: standin.stopping or self._is_closed())
        first = _first_of(frames, standin.faults.expired_as_status)
        self._answered = True
        self._log(200)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._send_chunk(first)
        for frame in frames:
            self._send_chunk(frame)
        self.wfile.write(b"0\r\n\r\n")

    def _send_chunk(self, text):
        if text:
            data = text.encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _is_closed(self):
        """Whether the client of a watch has gone. Anything that it sends before the end is also taken as that."""
        if not select.select([self.connection], [], [], 0)[0]:
            return False
        self.connection.settimeout(0)
        try:
            self.connection.recv(1)
            return True
        except (BlockingIOError, ssl.SSLWantReadError):  # The latter: TLS had something to say, its user had not.
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(None)

    def _send_json(self, code, document, headers=None):
        self._send(code, "application/json", json.dumps(document), headers)

    def _send(self, code, content_type, text, headers=None):
        self._answered = True
        self._log(code)
        data = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _log(self, code):
        path = requests.path_of(self.path)
        if path.startswith("/standin/"):
            return
        asked = self._asked
        self.server.standin.requests.add(
            time=time.time(), verb=asked.verb if asked else self.command.lower(),
            resource=asked.resource.plural if asked else "", subresource=asked.subresource if asked else "",
            path=self.path, code=code, userAgent=self.headers.get("User-Agent", ""))


def _first_of(frames, expired_as_status):
    """The first frames of a watch. A revision that is too old is told by an event, or as the answer's status."""
    try:
        return next(frames)
    except errors.ApiError as error:
        if error.code != 410 or expired_as_status:
            raise
        return f'{{"type":"ERROR","object":{json.dumps(error.status())}}}\n'


def _encoder(request):
    """Makes an entry into the text of a watch event's object."""
    stored_version = request.version == request.resource.versions[0]

    def encode(entry):
        if not stored_version:
            return json.dumps(to_version(request.resource, request.version, entry.object))
        kind = json.dumps({key: entry.object.get(key) for key in ("kind", "apiVersion")})
        item = entry.item_text()
        return kind[:-1] + ("," + item[1:] if item != "{}" else "}")
    return encode


def _run_write(standin, request, body, content_type):
    """Every verb but list and watch: returns (code, object or Status)."""
    operations, resource = standin.operations, request.resource
    target = (resource, request.namespace, request.name)
    if request.verb == "get":
        return 200, operations.get(*target)
    if request.verb == "create":
        body = to_stored(resource, request.version, body)
        return 201, operations.create(resource, request.namespace, body, request.dry_run)
    if request.verb == "update":
        body = to_stored(resource, request.version, body)
        return 200, operations.update(*target, request.subresource, body, request.dry_run)
    if request.verb == "patch":
        change = patcher(resource, content_type, body)

        def apply_patch(old):
            return to_stored(resource, request.version, change(to_version(resource, request.version, old)))
        return 200, operations.patch(*target, request.subresource, apply_patch, request.dry_run)
    if request.verb == "delete":
        gone, finally_gone = operations.delete(*target, body, request.dry_run)
        return 200, _deleted(resource, gone) if finally_gone else gone
    return 200, _delete_collection(standin, request, body)


def _deleted(resource, gone):
    details = {"name": gone["metadata"]["name"], "kind": resource.plural, "uid": gone["metadata"].get("uid", "")}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": details | ({"group": resource.group} if resource.group else {})}


def _delete_collection(standin, request, options):
    selects = predicate(request.resource, request.namespace, None, request.query)
    with standin.store.lock:
        for stored in standin.store.all(request.resource.plural):
            if selects(stored):
                about = stored["metadata"]
                standin.operations.delete(request.resource, about.get("namespace"), about["name"], options,
                                          request.dry_run)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": {}}
