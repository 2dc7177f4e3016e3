import { webcrypto } from 'node:crypto';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, REFRESH_TOKEN, SITE, carryOut, resourceURL, tokenURL, version } from './steps.mjs';

globalThis.crypto ??= webcrypto; // Node.js 18 has it, but not as a global
const client = await import('openid-client');

const server = { issuer: process.env.ISSUER ?? SITE, token_endpoint: tokenURL, revocation_endpoint: tokenURL };
let config = new client.Configuration(server, CLIENT_ID, CLIENT_SECRET);
client.allowInsecureRequests(config); // most tests have no TLS

let tokens = { refresh_token: REFRESH_TOKEN };
const logins = new Map(); // by their state, what each must find in its answer

await carryOut({
  version: version('openid-client'),
  held: () => ({ access_token: tokens.access_token, refresh_token: tokens.refresh_token }),
  describe: (e) => `${e.constructor.name}, ` + (e.error ? `status ${e.status}, error ${e.error}` : `code ${e.code}, cause.status ${e.cause?.status}`),
  steps: {
    async code(code) {
      tokens = await client.authorizationCodeGrant(config, new URL(`${REDIRECT_URI}?code=${code}`));
      return { subject: tokens.claims()?.sub };
    },
    async login() {
      config = await client.discovery(new URL(process.env.ISSUER), CLIENT_ID, CLIENT_SECRET);
      const checks = { expectedState: client.randomState(), expectedNonce: client.randomNonce(), pkceCodeVerifier: client.randomPKCECodeVerifier() };
      logins.set(checks.expectedState, checks);
      const login = client.buildAuthorizationUrl(config, {
        redirect_uri: REDIRECT_URI,
        scope: 'openid profile',
        state: checks.expectedState,
        nonce: checks.expectedNonce,
        code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
        code_challenge_method: 'S256',
      });
      return { login };
    },
    async callback(address) {
      const url = new URL(address);
      tokens = await client.authorizationCodeGrant(config, url, logins.get(url.searchParams.get('state')));
      return { subject: tokens.claims().sub };
    },
    async refresh() {
      tokens = await client.refreshTokenGrant(config, tokens.refresh_token);
      return { subject: tokens.claims()?.sub };
    },
    async resource() {
      const response = await client.fetchProtectedResource(config, tokens.access_token, new URL(resourceURL), 'GET');
      return { user: (await response.json()).username };
    },
    async revoke() {
      await client.tokenRevocation(config, tokens.refresh_token, { token_type_hint: 'refresh_token' });
    },
  },
});
