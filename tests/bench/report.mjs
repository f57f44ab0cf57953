// Prints the results in build/bench/ as tables. With --write they replace what stands between the markers
// (`<!-- windows:begin -->`, `<!-- windows:end -->`) in docs/performance.md, and the plots in docs/images/ are drawn.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { barChart } from './charts.mjs';
import { cpu, daemonPlace, daemonTable, mean, placeOf, programPlace, programTable, windowTable } from './tables.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const DOCUMENT = join(ROOT, 'docs/performance.md');
const TITLES = { windows: 'Windows', large: 'Large windows', upload: 'Upload' };

function read(name) {
  const path = join(ROOT, 'build/bench', `${name}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

// Each section of the results that exist, by the name of its markers.
function sections() {
  const found = {};
  for (const [name, part] of Object.entries(read('windows') ?? {}))
    found[name] = `${windowTable(part)}\n\n${TITLES[name]}: ${placeOf(part)}`;
  for (const name of ['micro', 'scheduler']) {
    const results = read(name);
    if (results) found[name] = `${programTable(results)}\n\n${programPlace(results)}`;
  }
  const daemon = read('daemon');
  if (daemon) found.daemon = `${daemonTable(daemon)}\n\n${daemonPlace(daemon)}`;
  return found;
}

function perMillion(one, who) {
  return mean(one.runs.map((run) => cpu(run[who]))) / (one.records / 1e6);
}

const peakMb = (one) => Math.max(...one.runs.map((run) => run.daemon.peak_rss_bytes)) / 1e6;

function charts(results) {
  const windows = results.windows.cases;
  const plain = windows.filter((one) => !one.compress && !one.source_tls).sort((a, b) => a.cells - b.cells || a.shards - b.shards);
  const eight = windows.filter((one) => one.cells === 8);
  const costs = (one) => ({ label: one.name, values: ['source', 'daemon', 'target'].map((who) => perMillion(one, who)) });
  const series = ['source sandbox', 'sluice', 'target sandbox'];
  const unit = 'CPU seconds for 1,000,000 records';
  const memory = [...windows, ...(results.large?.cases.map((one) => ({ ...one, name: `${one.name}, ${one.records / 1e6} M` })) ?? [])];
  return {
    'window-cpu.svg': barChart({ title: 'By cells and shards', unit, series, groups: plain.map(costs) }),
    'window-forms.svg': barChart({ title: 'By compression and TLS', unit, series, groups: eight.map(costs) }),
    'window-memory.svg': barChart({ title: 'Peak resident memory of sluice', unit: 'MB', series: ['sluice'],
      groups: memory.map((one) => ({ label: one.name, values: [peakMb(one)] })), limit: { value: 64, label: 'target: at most 64' } }),
  };
}

function replaced(text, name, content) {
  const begin = `<!-- ${name}:begin -->`, end = `<!-- ${name}:end -->`;
  const from = text.indexOf(begin), to = text.indexOf(end);
  if (from < 0 || to < from) return text;
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}

const found = sections();
for (const [name, content] of Object.entries(found)) console.log(`## ${name}\n\n${content}\n`);
if (process.argv.includes('--write')) {
  let text = readFileSync(DOCUMENT, 'utf8');
  for (const [name, content] of Object.entries(found)) text = replaced(text, name, content);
  writeFileSync(DOCUMENT, text);
  const results = read('windows');
  if (results?.windows)
    for (const [file, picture] of Object.entries(charts(results))) writeFileSync(join(ROOT, 'docs/images', file), picture);
}
