"""Entry point `python -m pagesieve.review`: a page in the browser where a person reads proposed labels and corrects them.

A web application around `pagesieve.desk`, for one machine: it listens on 127.0.0.1 alone and answers only what its own page
asks. The page itself is plain HTML, CSS and JavaScript in `reviewer/`. Configured in `conf/review.yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pagesieve.config import ReviewConfig, run
from pagesieve.corpus import CorpusError, StaleError
from pagesieve.desk import Desk, DeskError
from pagesieve.sieve import load

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["application", "main", "review"]

HOST = "127.0.0.1"
ASSETS = Path(__file__).parent / "reviewer"
LARGEST = 64_000_000  # bytes of a save; a page of 50 MB has fewer pieces than fit in
THREADS = 4
OWN = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
POLICY = OWN + "script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:"
# Of a scraped page: no script, nothing from the network.
HTML_POLICY = OWN + "sandbox; style-src 'unsafe-inline'; img-src data:; font-src data:"


def application(desk: Desk, unsure: float = 0.8) -> Flask:
    """The web application for a desk; segments whose role the model gives less than `unsure` are marked."""
    from flask import Flask, Response, abort, jsonify, request, send_from_directory  # with the extra `review`

    app = Flask("pagesieve.review", static_folder=None)
    app.config.update(TRUSTED_HOSTS=[HOST, "localhost"], MAX_CONTENT_LENGTH=LARGEST)  # a foreign name for this machine is refused

    @app.before_request
    def own_page_only() -> None:
        """Refuse what another site's page asks, read or write: browsers say whose page it is."""
        origin = request.headers.get("Origin", f"http://{request.host}")
        if origin != f"http://{request.host}" or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            abort(403, f"asked by another site ({origin}); open http://{request.host}/ itself")

    @app.after_request
    def nothing_foreign(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(DeskError)
    @app.errorhandler(ValueError)  # of label files and pages
    @app.errorhandler(OSError)
    def told(error: Exception) -> tuple[Response, int]:
        """What went wrong, in words for the person."""
        code = 404 if isinstance(error, DeskError) else 409 if isinstance(error, StaleError) else 500 if isinstance(error, OSError) else 400
        return jsonify(error=str(error.args[0] if isinstance(error, DeskError) else error)), code

    @app.get("/")
    def index() -> Response:
        return send_from_directory(ASSETS, "index.html")

    @app.get("/reviewer/<name>")
    def asset(name: str) -> Response:
        return send_from_directory(ASSETS, name)

    @app.get("/pages")
    def pages() -> Response:
        return jsonify(desk.pages() | {"unsure": unsure})

    @app.get("/pages/<path:name>")
    def opened(name: str) -> Response:
        return jsonify(desk.open(name))

    @app.put("/pages/<path:name>")
    def saved(name: str) -> Response:
        sent = request.get_json()
        if not isinstance(sent, dict) or not sent.keys() >= {"version", "pieces", "status", "seconds"}:
            raise CorpusError(f"{name}: a save holds version, pieces, status and seconds; reload the page")
        return jsonify(version=desk.save(name, sent["version"], sent["pieces"], sent["status"], sent["seconds"]))

    @app.get("/places/<path:name>")
    def places(name: str) -> Response:
        return jsonify(desk.places(name))

    @app.get("/html/<path:name>")
    def html(name: str) -> Response:
        return Response(desk.html(name), mimetype="text/html", headers={"Content-Security-Policy": HTML_POLICY})

    return app


def review(config: ReviewConfig) -> None:
    """Serve the reviewer for `config.data.root` until it is interrupted."""
    desk = Desk.laid(config.data.root, load(config.model_path).model, config.order)
    try:
        from waitress import create_server

        app = application(desk, config.unsure)
    except ModuleNotFoundError as error:
        raise ValueError(f"needs {error.name}; pip install '.[review]' in the clone's folder") from error
    try:
        server = create_server(app, host=HOST, port=config.port, threads=THREADS)
    except OSError as error:
        raise OSError(f'port {config.port}: {error.strerror}; is a reviewer open already? ARGS="port=0" takes a free one') from error
    print(f"http://{HOST}:{server.effective_port}/ shows {config.data.root}; Ctrl+C ends it, everything is saved as you go", flush=True)
    server.run()


def main() -> None:
    """Let Hydra read the configuration, then review."""
    run("review", review)


if __name__ == "__main__":
    main()
