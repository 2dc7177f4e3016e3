// What the tests and a client of a library say to each other: a step a line on
// standard input, as "code 1f2e…"; for each a line of JSON on standard output,
// with the tokens that the client then holds.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

export const { SITE, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, REFRESH_TOKEN } = process.env;
export const tokenURL = SITE + '/wp-json/moserver/token';
export const resourceURL = SITE + '/wp-json/moserver/resource';

/** The version of an installed package. */
export function version(name) {
  return createRequire(import.meta.url)(`./node_modules/${name}/package.json`).version;
}

const say = (object) => process.stdout.write(JSON.stringify(object) + '\n');

/**
 * Carries out steps until standard input ends. held returns the client's tokens;
 * describe says in a few words what a program can know of an error.
 */
export async function carryOut({ version, steps, held, describe }) {
  say({ version });
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...args] = line.split(' ');
    try {
      const result = await steps[name](...args);
      say({ ok: true, ...held(), ...result });
    } catch (error) {
      say({ ok: false, ...held(), error: describe(error) });
    }
  }
}
