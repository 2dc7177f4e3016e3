"""Verifies an ID token with PyJWT, which shares no code with this server.

Standard input is {"token", "audience", "issuer", "secret" or "jwks"}; standard
output is the claims.
"""
import json
import sys

import jwt

given = json.load(sys.stdin)
if "secret" in given:
    key, algorithm = given["secret"], "HS256"
else:
    key, algorithm = jwt.PyJWKClient(given["jwks"]).get_signing_key_from_jwt(given["token"]).key, "RS256"
claims = jwt.decode(
    given["token"], key, algorithms=[algorithm], audience=given["audience"], issuer=given["issuer"],
    options={"require": ["iss", "sub", "aud", "iat", "exp"]},
)
json.dump(claims, sys.stdout)
