// The daemon as a whole against its targets, as a real process on the machine's clock.
import { root } from './daemon/programs.mjs';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { load, machine, shown } from './daemon/readings.mjs';

const NAMES = ['idle', 'start_up', 'api', 'together', 'lateness', 'backup', 'simulate'];
const parts = {};
for (const name of NAMES) parts[name] = await import(`./daemon/${name}.mjs`);

const HELP = `Usage: node tests/bench/daemon.mjs [PART...]

Measures the daemon as a whole and compares with the targets; all parts if none is named. Results: a table, and
build/bench/daemon.json (OUT names another file), where parts measured before stay.

Parts:
${NAMES.map((name) => `  ${name.padEnd(10)}${parts[name].about}`).join('\n')}

SLUICE and SLUICE_SANDBOX name the programs (default: the release build). Needs the packages sqlite3 and openssl, and
"npm ci" in tests/e2e.

Exit code: 0 targets met, 1 a part failed, 2 wrong arguments, 3 a target is not met.

Example: STARTS=50 node tests/bench/daemon.mjs start_up`;

function earlier(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

async function measure(name) {
  console.error(`${name}: ${parts[name].about}`);
  const part = { begun: new Date().toISOString(), load_before: load(), results: [] };
  try {
    await parts[name].default(part.results);
  } catch (failure) {
    part.failed = failure.message;
    console.error(`  failed: ${failure.stack}`);
  }
  part.load_after = load();
  return part;
}

function print(found) {
  for (const [name, part] of Object.entries(found)) {
    console.log(`\n${name} (load ${part.load_before.toFixed(1)} before, ${part.load_after.toFixed(1)} after)`);
    for (const { what, value, unit, target, met } of part.results) {
      const verdict = target === undefined ? '' : `  (target ${target}: ${met ? 'met' : 'NOT met'})`;
      console.log(`  ${what.padEnd(64)} ${shown(value).padStart(10)} ${unit}${verdict}`);
    }
    if (part.failed) console.log(`  FAILED: ${part.failed}`);
  }
}

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(HELP);
  process.exit(0);
}
const unknown = args.find((name) => !NAMES.includes(name));
if (unknown !== undefined) {
  console.error(`measure "${unknown}": there is no such part; see --help`);
  process.exit(2);
}
const out = process.env.OUT ?? join(root, 'build/bench/daemon.json');
mkdirSync(dirname(out), { recursive: true });
const found = {};
for (const name of args.length ? args : NAMES) {
  found[name] = await measure(name);
  writeFileSync(out, `${JSON.stringify({ machine: machine(), parts: { ...earlier(out).parts, ...found } }, null, 1)}\n`);
}
print(found);
const all = Object.values(found);
const missed = all.some((part) => part.results.some((one) => one.met === false));
process.exit(all.some((part) => part.failed) ? 1 : missed ? 3 : 0);
