#!/usr/bin/env python3
"""Refreshes an access token, uses it, revokes the refresh token, and sees that
it is refused from then on. Needs requests.

    SITE=https://example.com CLIENT_ID=… CLIENT_SECRET=… REFRESH_TOKEN=… python3 refresh.py
"""
import os
import sys

import requests

token_url = os.environ["SITE"] + "/wp-json/moserver/token"
resource_url = os.environ["SITE"] + "/wp-json/moserver/resource"
client_id = os.environ["CLIENT_ID"]
client_secret = os.environ["CLIENT_SECRET"]
refresh_token = os.environ["REFRESH_TOKEN"]

# Older clients send these along. The server ignores them; leave them out of new code.
ignored = {"username": os.environ.get("WP_USERNAME"), "password": os.environ.get("WP_PASSWORD")}


def later(what):
    print(f"{what} says nothing of the token: keep it, and try again later", file=sys.stderr)
    sys.exit(75)


def post(**parameters):
    """Sends parameters to the token endpoint; returns the answer."""
    credentials = {"client_id": client_id, "client_secret": client_secret}
    try:
        # A database that is away may keep an answer waiting for a while.
        response = requests.post(token_url, data={**credentials, **parameters}, timeout=45)
    except requests.RequestException:
        later("no answer")
    if response.status_code == 429 or response.status_code >= 500:
        later(f"status {response.status_code}")
    return response


def fail(what, response):
    sys.exit(f"{what}: status {response.status_code}, {response.text}")


response = post(grant_type="refresh_token", refresh_token=refresh_token, **ignored)
if response.status_code != 200:
    fail("not refreshed", response)
token = response.json()
print(f"refreshed: an access token for {token['expires_in']} seconds")

# The answer always has the refresh token to use next time: the same one, or the
# one that replaces it.
refresh_token = token["refresh_token"]

response = requests.get(resource_url, headers={"Authorization": "Bearer " + token["access_token"]}, timeout=45)
if response.status_code != 200:
    fail("the access token is not accepted", response)
print("resource:", response.json()["username"])

response = post(grant_type="revoke_token", token=refresh_token)
if response.status_code != 200:
    fail("not revoked", response)
print("revoked")

response = post(grant_type="refresh_token", refresh_token=refresh_token)
if response.status_code != 400:
    fail("a revoked token was not refused", response)
print("refused:", response.json()["error"])
