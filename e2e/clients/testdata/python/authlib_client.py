import authlib
import requests
from authlib.integrations.requests_client import OAuth2Session

from steps import carry_out, client_id, client_secret, redirect_uri, resource_url, stored_refresh_token, token_url

session = OAuth2Session(client_id, client_secret, redirect_uri=redirect_uri,
                        token={"refresh_token": stored_refresh_token, "token_type": "Bearer"})


def code(code):
    session.fetch_token(token_url, code=code)


def refresh():
    session.refresh_token(token_url)


def resource():
    return {"user": session.get(resource_url).json()["username"]}


def revoke():
    response = session.revoke_token(token_url, session.token["refresh_token"], token_type_hint="refresh_token")
    response.raise_for_status()


def describe(error):
    if isinstance(error, requests.HTTPError):
        return f"{type(error).__name__}, response.status_code {error.response.status_code}"
    return type(error).__name__ + (f", error {error.error}" if hasattr(error, "error") else "")


carry_out(authlib.__version__, {"code": code, "refresh": refresh, "resource": resource, "revoke": revoke},
          lambda: session.token, describe)
