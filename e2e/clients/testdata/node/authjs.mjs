// A website whose visitors log in with Auth.js, which knows no issuer of its OAuth
// provider. It listens where REDIRECT_URI is, and its front page greets who is there.
import { webcrypto } from 'node:crypto';
import { createServer } from 'node:http';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SITE, resourceURL, tokenURL, version } from './steps.mjs';

globalThis.crypto ??= webcrypto; // Node.js 18 has it, but not as a global
const { Auth } = await import('@auth/core');

const { origin, hostname, port } = new URL(REDIRECT_URI);
const config = {
  basePath: '/auth',
  secret: 'of the tests, which everybody may know',
  trustHost: true,
  providers: [
    {
      id: 'wordpress',
      name: 'WordPress',
      type: 'oauth',
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      checks: ['pkce', 'state'],
      authorization: { url: process.env.LOGIN ?? SITE + '/wp-json/moserver/authorize', params: { scope: 'profile email' } },
      token: tokenURL,
      userinfo: resourceURL,
      profile: (user) => ({ id: String(user.id), name: user.username, email: user.email }),
    },
  ],
};

async function answer(request) {
  if (request.url.startsWith(origin + '/auth/')) return Auth(request, config);
  const session = await Auth(new Request(origin + '/auth/session', { headers: request.headers }), config);
  return Response.json({ visitor: (await session.json())?.user?.name ?? 'nobody' });
}

const server = createServer(async (req, res) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const body = chunks.length ? Buffer.concat(chunks) : undefined;
  const response = await answer(new Request(origin + req.url, { method: req.method, headers: req.headers, body }));
  res.statusCode = response.status;
  response.headers.forEach((value, name) => name !== 'set-cookie' && res.setHeader(name, value));
  res.setHeader('set-cookie', response.headers.getSetCookie());
  res.end(Buffer.from(await response.arrayBuffer()));
});
server.listen(port, hostname, () => console.log(JSON.stringify({ version: version('@auth/core') })));
process.stdin.on('end', () => process.exit()).resume();
