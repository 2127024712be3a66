"""Cross-site check: refuses a request that a page of another site makes a browser send.

A browser adds its login (a cookie, or that of identity-aware proxy) to such a request by itself. The rules are those of
Go 1.25's http.CrossOriginProtection (golang/go#73626): no token has to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from leadwerk.web.problem_document import CrossSiteRequest

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# `none`: the address was typed, bookmarked, or opened by the person.
TRUSTED_SITES = ("same-origin", "none")


def check_origin(method: str, headers: Mapping[str, str]) -> None:
    """Refuse a request that changes something and comes from a page of another site.

    A request without both Sec-Fetch-Site and Origin comes from no browser of today; with a cookie it is refused all the
    same, because only browsers send one.

    Raises:
        CrossSiteRequest: the browser reports another site, or an origin other than this host.
    """
    if method in SAFE_METHODS:
        return
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    # Browsers set Sec-Fetch-Site and pages cannot: it is the strongest evidence.
    if site is not None:
        trusted = site in TRUSTED_SITES
    elif origin is not None:
        trusted = urlsplit(origin).netloc == headers.get("Host", "")
    else:
        # Programs send neither header; without a cookie there is no session to abuse.
        trusted = "Cookie" not in headers
    if not trusted:
        raise CrossSiteRequest(
            "A page of another site sent this request.",
            field="Origin",
            remedy="Open the desk itself and repeat what you wanted to do.",
        )
