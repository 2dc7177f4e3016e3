"""A backend of python-social-auth, as Open edX and others have one."""
import social_core
from social_core.backends.oauth import BaseOAuth2
from social_core.storage import UserMixin
from social_core.strategy import BaseStrategy

from steps import carry_out, client_id, client_secret, redirect_uri, resource_url, stored_refresh_token, token_url


class WordPressOAuth2(BaseOAuth2):
    name = "wordpress"
    ACCESS_TOKEN_URL = token_url
    ACCESS_TOKEN_METHOD = "POST"
    REDIRECT_STATE = False  # redirect URIs are compared as they are
    STATE_PARAMETER = False  # there is no browser here
    EXTRA_DATA = [("access_token", "access_token", True), ("refresh_token", "refresh_token", True), ("expires_in", "expires")]

    def user_data(self, access_token, *args, **kwargs):
        return self.get_json(resource_url, headers={"Authorization": "Bearer " + access_token})

    def get_user_id(self, details, response):
        return response["id"]

    def get_user_details(self, response):
        return {"username": response["username"]}


class Strategy(BaseStrategy):
    """What a web framework does for the library."""
    request = {}

    def get_setting(self, name):
        return {"SOCIAL_AUTH_WORDPRESS_KEY": client_id, "SOCIAL_AUTH_WORDPRESS_SECRET": client_secret}[name]

    def get_backend(self, name, redirect_uri=redirect_uri):
        return WordPressOAuth2(self, redirect_uri)

    def request_data(self, merge=True):
        return self.request

    def build_absolute_uri(self, path=None):
        return path

    def authenticate(self, backend, *args, **kwargs):
        """In place of the pipeline that finds or makes a user."""
        user.extra_data = backend.extra_data(user, user.uid, kwargs["response"])
        return kwargs["response"]["username"]


class User(UserMixin):
    provider = "wordpress"
    uid = "alice"
    extra_data = {"refresh_token": stored_refresh_token}

    def save(self):
        pass  # there is no database here


user = User()


def code(code):
    strategy = Strategy()
    strategy.request = {"code": code}
    return {"user": strategy.get_backend("wordpress").auth_complete()}


def refresh():
    user.refresh_token(Strategy())


def resource():
    return {"user": Strategy().get_backend("wordpress").user_data(user.access_token)["username"]}


def describe(error):
    response = getattr(error, "response", None)
    if response is None:
        return type(error).__name__
    described = f"{type(error).__name__}, response.status_code {response.status_code}"
    if '"error"' in response.text:
        described += f', response.json()["error"] {response.json()["error"]}'
    return described


carry_out(social_core.__version__, {"code": code, "refresh": refresh, "resource": resource},
          lambda: user.extra_data, describe)
