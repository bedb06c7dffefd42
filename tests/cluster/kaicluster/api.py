"""A small client of the API server, for what `up` and the fixtures write."""

import http.client
import json
import ssl

from . import ClusterError


class ApiError(ClusterError):
    def __init__(self, method, path, status, body):
        self.status = status
        try:
            detail = json.loads(body).get("message", body)
        except (ValueError, AttributeError):
            detail = body
        super().__init__(f"{method} {path}: {status}: {detail}")


class Api:
    """One keep-alive connection with a bearer token. Not thread-safe."""

    def __init__(self, port, ca_file, token):
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json",
                         "User-Agent": "kubectl-ai-tests"}
        self._connection = None

    def raw(self, method, path, body=None, content_type="application/json"):
        """(status, text). Raises OSError when the server cannot be reached."""
        headers = dict(self._headers)
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = content_type
        for attempt in (1, 2):
            fresh = self._connection is None
            if fresh:
                self._connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=30,
                                                               context=self._tls)
            try:
                self._connection.request(method, path, body=data, headers=headers)
                response = self._connection.getresponse()
                return response.status, response.read().decode()
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                self._connection = None
                # An idle connection that the server closed is worth one more try.
                if fresh or attempt == 2:
                    raise error if isinstance(error, OSError) else OSError(str(error)) from error
        raise AssertionError("unreachable")

    def call(self, method, path, body=None, content_type="application/json"):
        status, text = self.raw(method, path, body, content_type)
        if status >= 300:
            raise ApiError(method, path, status, text)
        return json.loads(text)

    def get(self, path):
        return self.call("GET", path)

    def delete(self, path):
        return self.call("DELETE", path)

    def create(self, path, obj):
        return self.call("POST", path, obj)

    def apply(self, path, obj):
        """Server-side apply: creates or updates, as often as one likes."""
        return self.call("PATCH", f"{path}?fieldManager=kubectl-ai-tests&force=true", obj,
                         "application/apply-patch+yaml")

    def merge(self, path, patch):
        return self.call("PATCH", path, patch, "application/merge-patch+json")
