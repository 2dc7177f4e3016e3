import os

import requests_oauthlib

from steps import carry_out, client_id, client_secret, redirect_uri, resource_url, stored_refresh_token, token_url

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the tests have no TLS

session = requests_oauthlib.OAuth2Session(
    client_id, redirect_uri=redirect_uri, token={"refresh_token": stored_refresh_token, "token_type": "Bearer"})


def code(code):
    session.fetch_token(token_url, code=code, client_secret=client_secret)


def refresh():
    # The library itself sends no credentials here; this is how its documentation
    # has them sent.
    session.refresh_token(token_url, client_id=client_id, client_secret=client_secret)


def resource():
    return {"user": session.get(resource_url).json()["username"]}


def describe(error):
    # Its status_code is no news: each class has its own, whatever the answer had.
    return type(error).__name__ + (f", error {error.error}" if hasattr(error, "error") else "")


carry_out(requests_oauthlib.__version__, {"code": code, "refresh": refresh, "resource": resource},
          lambda: session.token, describe)
