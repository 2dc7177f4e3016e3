import { AuthorizationCode } from 'simple-oauth2';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, REFRESH_TOKEN, SITE, carryOut, resourceURL, version } from './steps.mjs';

const client = new AuthorizationCode({
  client: { id: CLIENT_ID, secret: CLIENT_SECRET },
  auth: { tokenHost: SITE, tokenPath: '/wp-json/moserver/token', revokePath: '/wp-json/moserver/token' },
});

let token = client.createToken({ refresh_token: REFRESH_TOKEN ?? '' });

await carryOut({
  version: version('simple-oauth2'),
  held: () => ({ access_token: token.token.access_token, refresh_token: token.token.refresh_token }),
  describe: (e) => `${e.constructor.name}, output.statusCode ${e.output?.statusCode}` + (e.data?.payload?.error ? `, data.payload.error ${e.data.payload.error}` : ''),
  steps: {
    async code(code) {
      token = await client.getToken({ code, redirect_uri: REDIRECT_URI });
    },
    async refresh() {
      token = await token.refresh();
    },
    async resource() {
      const response = await fetch(resourceURL, { headers: { Authorization: `Bearer ${token.token.access_token}` } });
      return { user: (await response.json()).username };
    },
    async revoke() {
      await token.revoke('refresh_token');
    },
  },
});
