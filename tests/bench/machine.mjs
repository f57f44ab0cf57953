// Where and when figures were taken.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

// The commit the programs were built from is asked of the source tree, so it is right after a build of a clean tree;
// BUILT_FROM names another one.
function commit() {
  if (process.env.BUILT_FROM) return process.env.BUILT_FROM;
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

export function machine() {
  const system = /PRETTY_NAME="([^"]*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  return { cpu: cpus()[0].model.trim(), cores: cpus().length, memory_bytes: totalmem(), system, kernel: release(),
    commit: commit(), nice: Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')[16]) };
}

// Mean number of threads that ran or wanted to, over the last minute: what ran beside is in it.
export const load = () => loadavg()[0];
