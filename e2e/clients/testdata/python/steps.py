"""What the tests and a client of a library say to each other: a step a line on
standard input, as "code 1f2e..."; for each a line of JSON on standard output,
with the tokens that the client then holds."""
import json
import os
import sys

site, client_id, client_secret = (os.environ[n] for n in ("SITE", "CLIENT_ID", "CLIENT_SECRET"))
redirect_uri = os.environ["REDIRECT_URI"]
stored_refresh_token = os.environ.get("REFRESH_TOKEN")
token_url = site + "/wp-json/moserver/token"
resource_url = site + "/wp-json/moserver/resource"


def say(**members):
    print(json.dumps(members), flush=True)


def carry_out(version, steps, held, describe):
    """Carries out steps until standard input ends. held returns the client's
    token; describe says in a few words what a program can know of an error."""
    say(version=version)
    for line in sys.stdin:
        name, *args = line.split()
        try:
            result = dict(ok=True, **(steps[name](*args) or {}))
        except Exception as error:
            result = dict(ok=False, error=describe(error))
        token = held() or {}
        say(access_token=token.get("access_token"), refresh_token=token.get("refresh_token"), **result)
