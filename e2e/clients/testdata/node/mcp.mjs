import { randomUUID, webcrypto } from 'node:crypto';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, REFRESH_TOKEN, SITE, carryOut, tokenURL, version } from './steps.mjs';

globalThis.crypto ??= webcrypto; // Node.js 18 has it, but not as a global
const { UnauthorizedError, auth } = await import('@modelcontextprotocol/sdk/client/auth.js');
const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');

const serverUrl = SITE + '/wp-json/moserver/mcp';

// What a program keeps. Without CLIENT_ID it registers, and finds the server out.
let client = CLIENT_ID && { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, issuer: SITE };
let tokens = REFRESH_TOKEN && { refresh_token: REFRESH_TOKEN, issuer: SITE };
let verifier = 'v'.repeat(43);
let login;

const provider = {
  redirectUrl: REDIRECT_URI,
  clientMetadata: {
    client_name: 'Assistant',
    redirect_uris: [REDIRECT_URI],
    scope: 'profile email',
    token_endpoint_auth_method: process.env.AUTH_METHOD,
  },
  state: randomUUID,
  clientInformation: () => client,
  saveClientInformation: (information) => void (client = information),
  tokens: () => tokens,
  saveTokens: (saved) => void (tokens = saved),
  codeVerifier: () => verifier,
  saveCodeVerifier: (saved) => void (verifier = saved),
  redirectToAuthorization: (url) => void (login = url.href),
  // What the library has saved here before a login, so that the steps need none.
  discoveryState: () =>
    CLIENT_ID && {
      authorizationServerUrl: SITE,
      authorizationServerMetadata: {
        issuer: SITE,
        authorization_endpoint: SITE + '/wp-json/moserver/authorize',
        token_endpoint: tokenURL,
        token_endpoint_auth_methods_supported: ['client_secret_post'],
        response_types_supported: ['code'],
      },
      resourceMetadata: { resource: serverUrl },
    },
};

let transport; // of the last connection, which knows the 401
async function connected(use) {
  transport = new StreamableHTTPClientTransport(new URL(serverUrl), { authProvider: provider });
  const assistant = new Client({ name: 'assistant', version: '1' });
  await assistant.connect(transport);
  try {
    return await use(assistant);
  } finally {
    await assistant.close();
  }
}

await carryOut({
  version: version('@modelcontextprotocol/sdk'),
  held: () => ({ access_token: tokens?.access_token, refresh_token: tokens?.refresh_token, client_id: client?.client_id, login }),
  describe: (e) => `${e.constructor.name}, ` + (e instanceof UnauthorizedError ? 'a new login begins' : `errorCode ${e.errorCode}`),
  steps: {
    code: async (code) => void (await auth(provider, { serverUrl, authorizationCode: code })),
    // What the transport does with a 401.
    async refresh() {
      if ((await auth(provider, { serverUrl })) !== 'AUTHORIZED') throw new UnauthorizedError();
    },
    async resource() {
      const result = await connected((assistant) => assistant.callTool({ name: 'whoami' }));
      return { user: result.content[0].text };
    },
    finish: (code) => transport.finishAuth(code),
  },
});
