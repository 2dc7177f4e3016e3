import OAuth2Strategy from 'passport-oauth2';
import refresh from 'passport-oauth2-refresh';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, REFRESH_TOKEN, SITE, carryOut, resourceURL, tokenURL, version } from './steps.mjs';

let tokens = { refresh_token: REFRESH_TOKEN };

const strategy = new OAuth2Strategy(
  {
    authorizationURL: SITE + '/wp-json/moserver/authorize',
    tokenURL,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    callbackURL: REDIRECT_URI,
  },
  (access_token, refresh_token, profile, done) => {
    tokens = { access_token, refresh_token };
    done(null, profile);
  },
);
strategy._oauth2.useAuthorizationHeaderforGET(true);
strategy.userProfile = (accessToken, done) =>
  strategy._oauth2.get(resourceURL, accessToken, (error, body) => (error ? done(error) : done(null, JSON.parse(body))));
refresh.use('wordpress', strategy);

// What passport does with a strategy when the browser comes back with a code.
const authenticate = (code) =>
  new Promise((success, error) => {
    strategy.authenticate.call(Object.assign(Object.create(strategy), { success, error, fail: error }), { query: { code } });
  });

await carryOut({
  version: version('passport-oauth2'),
  held: () => tokens,
  describe: (e) => `${e.constructor.name}, statusCode ${e.statusCode}` + (e.data?.includes('"error"') ? `, data ${e.data.match(/"error":"\w+"/)}` : ''),
  steps: {
    async code(code) {
      return { user: (await authenticate(code)).username };
    },
    refresh: () =>
      new Promise((done, failed) => {
        refresh.requestNewAccessToken('wordpress', tokens.refresh_token, (error, access_token, refresh_token) => {
          if (error) return failed(error);
          tokens = { access_token, refresh_token };
          done();
        });
      }),
    resource: () =>
      new Promise((done, failed) => {
        strategy.userProfile(tokens.access_token, (error, profile) => (error ? failed(error) : done({ user: profile.username })));
      }),
  },
});
