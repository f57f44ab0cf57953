// A daemon behind its TCP door, for those who knock there.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sluice, startDaemon, workDir } from './support.mjs';

// A daemon without jobs, with tokens of each role; `listen` and `access` are further lines of those maps.
export function daemonWithTokens(t, { listen = [], access = [], roles = ['viewer', 'operator', 'admin'] } = {}) {
  const dir = workDir(t);
  mkdirSync(join(dir, 'jobs.d'));
  const tokens = Object.fromEntries(roles.map((role) => {
    const made = JSON.parse(sluice(['token', `a-${role}`, '--role', role, '--output', 'json']).out);
    return [role, made];
  }));
  const paths = { config: join(dir, 'sluice.yaml'), socket: join(dir, 'sluice.sock') };
  writeFileSync(paths.config, ['stateDir: state', 'jobsDir: jobs.d', 'logs: {dir: logs}', 'listen:',
    `  socket: ${paths.socket}`, '  tcp: "127.0.0.1:0"', ...listen, 'access:', ...access, '  tokens:',
    ...Object.entries(tokens).map(([role, { sha256 }]) => `    a-${role}: {role: ${role}, sha256: ${sha256}}`),
    ''].join('\n'));
  const daemon = startDaemon(t, dir, paths);
  return { dir, paths, daemon, tokens, port: async () => {
    await daemon.ready();
    return Number(/dashboard=https?:\/\/127\.0\.0\.1:(\d+)/.exec(daemon.text())[1]);
  } };
}
