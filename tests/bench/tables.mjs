// Markdown tables of the results.

export function table(head, rows) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n');
}

// Least to most of some figures; one figure if they look the same.
export function range(values, digits) {
  const [least, most] = [Math.min(...values).toFixed(digits), Math.max(...values).toFixed(digits)];
  return least === most ? least : `${least} to ${most}`;
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
export const cpu = (cost) => cost.user_s + cost.sys_s;
const MIB = 1048576;

export function placeOf(part) {
  const { machine } = part;
  return `${machine.cores} cores of ${machine.cpu}, ${machine.system}, kernel ${machine.kernel}, ` +
    `${part.at.slice(0, 16).replace('T', ' ')} UTC, built from ${machine.commit}, nice ${machine.nice}, ` +
    `load average ${part.load_before.toFixed(1)} before and ${part.load_after.toFixed(1)} after.`;
}

function rowsOf(one) {
  const counted = one.runs.filter((run) => run.rows_counted !== null);
  if (!counted.length) return 'not counted';
  return counted.every((run) => run.rows_counted === one.records) ? 'all' : range(counted.map((run) => run.rows_counted), 0);
}

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

export function windowTable(part) {
  const head = ['case', 'runs', 'sluice CPU s', 'user', 'sys', 'source CPU s', 'target CPU s', 'peak sluice MiB',
    'source, target MiB', 'read MiB', 'written MiB', 'requests', 'objects', 'rows'];
  return table(head, part.cases.map((one) => {
    const all = (pick, digits = 2) => range(one.runs.map(pick), digits);
    return [one.name, one.runs.length, all((run) => cpu(run.daemon)), all((run) => run.daemon.user_s),
      all((run) => run.daemon.sys_s), all((run) => cpu(run.source)), all((run) => cpu(run.target)),
      all((run) => run.daemon.peak_rss_bytes / MIB, 1),
      `${all((run) => run.source.peak_rss_bytes / MIB, 0)}, ${all((run) => run.target.peak_rss_bytes / MIB, 0)}`,
      all((run) => run.read_bytes / MIB, 0), all((run) => run.object_bytes / MIB, 0),
      all((run) => sum(run.source.requests) + sum(run.target.requests), 0), all((run) => run.objects, 0), rowsOf(one)];
  }));
}

const TIME = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

function short(value) {
  for (const [size, unit] of [[1e9, ' G'], [1e6, ' M'], [1e3, ' k']]) if (value >= size) return `${(value / size).toPrecision(3)}${unit}`;
  return value.toPrecision(3);
}

function duration(one) {
  const ns = one.cpu_time * TIME[one.time_unit];
  const unit = ns >= 1e9 ? 's' : ns >= 1e6 ? 'ms' : ns >= 1e3 ? 'us' : 'ns';
  return `${(ns / TIME[unit]).toPrecision(3)} ${unit}`;
}

// Results of a program that uses the benchmark library.
export function programTable({ benchmarks }) {
  const number = (value) => (value === undefined ? '' : short(value));
  return table(['benchmark', 'CPU time of one run', 'items/s', 'MiB/s'], benchmarks.map((one) => [`\`${one.name}\``,
    duration(one), number(one.items_per_second),
    one.bytes_per_second === undefined ? '' : (one.bytes_per_second / MIB).toFixed(0)]));
}

export function programPlace({ context }) {
  return `${context.num_cpus} cores at ${context.mhz_per_cpu} MHz, ${context.date.slice(0, 16).replace('T', ' ')}, ` +
    `load average ${context.load_avg[0]?.toFixed(1) ?? 'unknown'} at the start.`;
}

// Results of the daemon as a whole, part by part.
export function daemonTable({ parts }) {
  const shown = (value) => (Number.isInteger(value) ? String(value) : value.toPrecision(3));
  const verdict = (one) => (one.target === undefined ? '' : one.met ? 'met' : 'gap');
  return table(['part', 'what', 'measured', 'target', '', 'load average'], Object.entries(parts).flatMap(([name, part]) =>
    part.results.map((one) => [name, one.what, `${shown(one.value)} ${one.unit}`, one.target ?? '', verdict(one),
      `${part.load_before.toFixed(1)} to ${part.load_after.toFixed(1)}`])));
}

export function daemonPlace({ machine, parts }) {
  const begun = Object.values(parts).map((part) => part.begun).sort();
  return `${machine.cores} cores of ${machine.cpu}, kernel ${machine.kernel}, from ${begun[0].slice(0, 16).replace('T', ' ')} UTC on.`;
}
